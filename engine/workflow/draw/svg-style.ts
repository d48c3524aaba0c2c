/** Colours by what travels, for paper and for dark screens; the ground of what runs as one call lies under both. */
export const STYLE = `
:root{--paper:#fcfcfd;--card:#ffffff;--line:#d5d9e2;--ink:#1c2333;--soft:#667085;--ground:#e4ecfb;--chip:#eef0f4;--chip-ink:#475467;
--audio:#0e8a7d;--speech:#7c5ac7;--text:#c2620c;--encoded:#1d6fd1;--recording:#9a6a00;--data:#7a8294}
@media (prefers-color-scheme:dark){:root{--paper:#10141d;--card:#1a202d;--line:#364053;--ink:#e9edf5;--soft:#98a3b8;--ground:#1c2b4a;--chip:#283144;--chip-ink:#b7c1d3;
--audio:#2cc7b5;--speech:#b39af0;--text:#f59e52;--encoded:#66a9f7;--recording:#e0b04a;--data:#8f9ab0}}
text{font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.paper{fill:var(--paper)}
.name{font-size:20px;font-weight:650}.about{font-size:13px;fill:var(--soft)}
.ground{fill:var(--ground)}.band{fill:none;stroke:var(--ground);stroke-width:44}
.card{fill:var(--card);stroke:var(--line);stroke-width:1.2}
.input .card,.output .card{stroke-width:1.8}.input .card{stroke:var(--audio)}.output .card{stroke:var(--data);stroke-dasharray:5 4}
.conversion .card{fill:var(--chip);stroke-dasharray:3 3}
.title{font-size:15px;font-weight:600}.within{fill:var(--soft);font-weight:400}
.type{font-size:11.5px;fill:var(--soft);font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
rect.chip{fill:var(--chip)}text.chip{font-size:10.5px;fill:var(--chip-ink)}
.row{font-size:12px}.note{font-size:10.5px;fill:var(--soft)}.right{text-anchor:end}
.wire{fill:none;stroke-width:1.8;stroke-opacity:.85}.direct{stroke-width:3.4}.out{stroke-dasharray:5 4;stroke-width:1.5;stroke-opacity:.7}.silences{stroke-dasharray:2 4;stroke-linecap:round}
.wire.audio{stroke:var(--audio)}.wire.speech{stroke:var(--speech)}.wire.text{stroke:var(--text)}.wire.encoded{stroke:var(--encoded)}.wire.recording{stroke:var(--recording)}.wire.data{stroke:var(--data)}
.port{stroke:var(--card);stroke-width:1.2}
.port.audio{fill:var(--audio)}.port.speech{fill:var(--speech)}.port.text{fill:var(--text)}.port.encoded{fill:var(--encoded)}.port.recording{fill:var(--recording)}.port.data{fill:var(--data)}
.key{font-size:11.5px;fill:var(--soft)}
`.replaceAll("\n", "");
