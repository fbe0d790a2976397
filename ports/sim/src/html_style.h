// The style sheet of a report's page. Private to ports/sim.
#pragma once

namespace mehr::sim {

inline constexpr const char* kPageStyle = R"(
:root{color-scheme:light dark;--ink:#1f2933;--soft:#52606d;--line:#d9dee4;--page:#f4f6f8;
--card:#ffffff;--good:#0b7a4b;--bad:#c81e1e;--bar:#0072b2;--band:#d55e00}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#9aa5b1;--line:#2c343e;--page:#0b0e12;
--card:#12161c;--good:#2ec498;--bad:#ff6b6b;--bar:#4da8da;--band:#f08a3c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 48px}
h1{font-size:28px;line-height:1.2;margin:0 12px 0 0;display:inline}
h2{font-size:19px;margin:0 0 4px}
h3{font-size:14px;margin:18px 0 2px}
p{margin:6px 0 10px}
.about,.note,.legend{color:var(--soft)}
.badge{display:inline-block;padding:1px 12px;border-radius:99px;color:#fff;background:var(--bad);
font-weight:600;vertical-align:4px}
.badge.good{background:var(--good)}
@media(prefers-color-scheme:dark){.badge{color:#0b0e12}}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;
margin-top:18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px;
margin-top:18px}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:10px 14px}
.tiles b{display:block;font-size:21px;line-height:1.3;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:13px}
.tiles em{display:block;color:var(--soft);font-size:12px;font-style:normal}
svg{display:block;width:100%;height:auto}
svg text{font-family:system-ui,sans-serif}
.key{display:inline-block;width:18px;height:8px;margin-right:6px}
.legend span{margin-right:18px;white-space:nowrap}
.tick,.on-bar{font-size:12px}.tick{fill:var(--soft)}.mid{text-anchor:middle}
.end{text-anchor:end}
.on-bar{fill:#fff}
@media(prefers-color-scheme:dark){.on-bar{fill:#0b0e12}}
.axis{stroke:var(--soft)}.grid{stroke:var(--line)}.band{fill:var(--band);opacity:.13}
.curve{stroke-width:2;stroke-linejoin:round}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:8px 36px}
.scroll{overflow:auto;max-height:520px}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{position:sticky;top:0;background:var(--card);text-align:left;color:var(--soft);font-weight:600}
th,td{padding:4px 14px 4px 0;border-bottom:1px solid var(--line);white-space:nowrap}
.n{text-align:right}
.share i{display:inline-block;height:9px;border-radius:2px;background:var(--bar);
margin-right:8px;min-width:1px}
.share i.over{background:var(--bad)}
summary{cursor:pointer;color:var(--soft);margin:10px 0 6px}
pre,code{font:13px/1.5 ui-monospace,monospace}
pre{overflow:auto;background:var(--page);border:1px solid var(--line);border-radius:6px;
padding:10px 14px;margin:8px 0}
@media print{body{background:#fff}section,.tiles div{break-inside:avoid}.scroll{max-height:none}}
)";

}  // namespace mehr::sim
