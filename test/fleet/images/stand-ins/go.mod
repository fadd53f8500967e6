module fleet/standins

go 1.19
