"""Prints what secrets it has, in every form in which programs do, in small writes. print.py serve|once|fail|check [FLAG] [FILE]"""
import base64, json, os, sys, time, urllib.parse

def forms(value):
    data = value.encode()
    encoded = base64.b64encode(data).decode()
    yield from [value, 'password=%s;' % value, '\x1b[31m%s\x1b[0m' % value, repr(value)]
    yield from [base64.b64encode(before + data + after).decode() for before in (b'', b'x', b'xy', b'app:') for after in (b'', b'z')]
    yield base64.urlsafe_b64encode(data).decode()
    yield '\n'.join(encoded[at:at + 76] for at in range(0, len(encoded), 76))
    yield from [urllib.parse.quote(value), urllib.parse.quote(value, safe=''), urllib.parse.quote_plus(value), json.dumps({'p': value}), json.dumps(value, ensure_ascii=False), json.dumps(json.dumps(value))]
    yield from [data.hex(), data.hex().upper(), data.hex(' ')]
    yield "+ login '%s'" % value.replace("'", "'\\''")

def say(text, stream):
    data = (text + '\n').encode()
    step = max(7, len(data) // 40)
    for at in range(0, len(data), step):
        os.write(stream, data[at:at + step])

mode, flag, file = (sys.argv[1:] + [None, None, None])[:3]
values = [value for name, value in sorted(os.environ.items()) if name.startswith('CANARY_')]
if file and os.path.exists(file):
    with open(file, encoding='utf-8') as opened: values += opened.read().split('\n--\n')
# Of what a check prints only so much is read.
shown = [value[:400] for value in values] if mode == 'check' else values
for index, value in enumerate(shown):
    for form in list(forms(value))[:3 if mode == 'check' else None]: say(form, 1 + index % 2)
last = values[-1] if values else 'nothing'
if mode == 'serve':
    while True: time.sleep(3600)
say('last words: ' + last.replace('\n', ' '), 2)
if mode == 'fail': sys.exit(3)
if mode == 'check' and flag and os.path.exists(flag): sys.exit(4)
