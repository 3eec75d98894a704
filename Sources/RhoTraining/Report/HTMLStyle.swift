extension HTML {
    /// Style sheet of the report. A token's colour is one hue with the token's depth as opacity, so that the text stays
    /// readable on a light and on a dark page.
    static let style = [pageStyle, tokenStyle, narrowStyle, printStyle].joined(separator: "\n")

    private static let pageStyle = """
        :root { --ink:#1d2430; --soft:#5c6675; --line:#d9dee6; --page:#f6f7f9; --card:#ffffff; --accent:#0072b2;
          --loss-rgb:214,94,0; --reference-rgb:0,114,178; --warm-rgb:214,60,40; --cool-rgb:0,114,178;
          --keep-rgb:0,158,115; --noise-rgb:130,90,200; --wrong-rgb:214,40,60; }
        @media (prefers-color-scheme: dark) { :root {
          --ink:#e6e9ef; --soft:#9aa4b2; --line:#323a46; --page:#12161c; --card:#1a2028; --accent:#56b4e9;
          --loss-rgb:240,130,40; --reference-rgb:86,180,233; --warm-rgb:240,100,80; --cool-rgb:86,160,240;
          --keep-rgb:40,190,140; --noise-rgb:165,130,240; --wrong-rgb:250,90,110; } }
        * { box-sizing:border-box; }
        body { margin:0; background:var(--page); color:var(--ink);
          font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif; }
        main { max-width:1120px; margin:0 auto; padding:24px 16px 48px; }
        h1 { font-size:1.7rem; line-height:1.2; margin:.2em 0; }
        h2 { font-size:1.15rem; margin:0 0 .6em; }
        h3 { font-size:.95rem; margin:1em 0 .3em; color:var(--soft); }
        .lead, .note, figcaption, footer { color:var(--soft); }
        .note, figcaption { font-size:.88rem; }
        section { background:var(--card); border:1px solid var(--line); border-radius:10px;
          padding:18px; margin:16px 0; }
        .wide { overflow-x:auto; background:
          linear-gradient(90deg,var(--card) 60%,transparent) 0 0/32px 100% no-repeat local,
          linear-gradient(270deg,var(--card) 60%,transparent) 100% 0/32px 100% no-repeat local,
          linear-gradient(90deg,rgba(127,127,127,.45),transparent) 0 0/12px 100% no-repeat scroll,
          linear-gradient(270deg,rgba(127,127,127,.45),transparent) 100% 0/12px 100% no-repeat scroll; }
        table { border-collapse:collapse; width:100%; font-size:.9rem; }
        th, td { text-align:left; padding:6px 9px; border-bottom:1px solid var(--line); vertical-align:top; }
        thead th { color:var(--soft); font-weight:600; }
        tbody th { font-weight:600; }
        tbody tr:last-child > * { border-bottom:0; }
        td.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap; }
        thead th:not(:first-child) { text-align:right; }
        .parameters { width:auto; min-width:50%; } .parameters td { text-align:left; }
        .parameters th code { white-space:nowrap; } .parameters td:nth-child(2) { min-width:5em; }
        .parameters td:last-child { color:var(--soft); }
        .facts th { width:9em; color:var(--soft); } .facts td { overflow-wrap:anywhere; }
        code { font-family:ui-monospace,SFMono-Regular,Menlo,monospace; font-size:.9em; overflow-wrap:anywhere; }
        figure { margin:0; }
        .plot svg { width:100%; height:auto; display:block; }
        .plot svg rect[fill="#ffffff"] { fill:transparent; }
        .plot svg polygon[fill="#FFFFFF"] { fill:var(--card); }
        .plot svg g[fill="black"], .plot svg g[fill^="rgb(68"] { fill:var(--ink); }
        .plot svg .gridline { stroke:var(--line); }
        @media (prefers-color-scheme: dark) { .plot svg g[id^="gnuplot_plot"] path { filter:brightness(1.4); } }
        section > p:last-child { margin-bottom:0; }
        footer { font-size:.82rem; margin-top:24px; overflow-wrap:anywhere; }
        """

    /// A phone: less white, and charts that scroll sideways before their letters become too small.
    private static let narrowStyle = """
        @media (max-width:600px) {
          main { padding:12px 8px 32px; } section { padding:12px; border-radius:8px; } th, td { padding:5px 7px; }
          .plot svg { min-width:520px; } .facts th { width:6em; } }
        """

    /// Paper: everything on the page, tables as narrow as they need to be, what is chosen on the screen only named.
    private static let printStyle = """
        @media print {
          :root { --ink:#000; --soft:#444; --line:#ddd; --page:#fff; --card:#fff; color-scheme:light; }
          @page { margin:14mm; }
          body { background:#fff; font-size:11pt; } main { max-width:none; padding:0; }
          section { break-inside:avoid-page; border:0; border-top:1px solid #bbb; border-radius:0; padding:10px 0; margin:0; }
          h2 { break-after:avoid; }
          .wide { overflow:visible; background:none; } table { font-size:7.5pt; } th, td { padding:3px 4px; }
          td.n { white-space:normal; } .plot svg { max-height:95mm; min-width:0; }
          .switch, #tip { display:none; } }
        """

    private static let tokenStyle = """
        .switch { border:0; padding:0; margin:0 0 10px; display:flex; flex-wrap:wrap; gap:6px; }
        .switch legend { font-size:.85rem; color:var(--soft); padding:0 0 4px; }
        .switch input { position:absolute; opacity:0; }
        .switch span { display:block; padding:4px 12px; border:1px solid var(--line); border-radius:99px;
          cursor:pointer; font-size:.88rem; }
        .switch input:checked + span { background:var(--accent); border-color:var(--accent); color:var(--card); }
        .switch input:focus-visible + span { outline:2px solid var(--accent); outline-offset:2px; }
        .text { font-family:ui-monospace,SFMono-Regular,Menlo,monospace; font-size:.9rem; line-height:1.8;
          white-space:pre-wrap; overflow-wrap:anywhere; }
        .t, .ramp { -webkit-print-color-adjust:exact; print-color-adjust:exact; }
        .t { border-radius:3px; padding:2px 0; }
        .t > i { color:var(--soft); font-style:normal; opacity:.6; }
        .text .t:hover { outline:1px solid var(--ink); outline-offset:-1px; }
        .show-loss .text .t { background:rgba(var(--loss-rgb),var(--loss,0)); }
        .show-reference .text .t { background:rgba(var(--reference-rgb),var(--reference,0)); }
        .show-excess .text .t { background:rgba(var(--warm-rgb),var(--excess,0)); }
        .show-excess .text .t.x { background:rgba(var(--cool-rgb),var(--excess,0)); }
        .show-kept .text .k, .legend .k { background:rgba(var(--keep-rgb),.38); }
        .show-kept .text .d, .legend .d { opacity:.5; border-bottom:1px dotted var(--soft); border-radius:0; }
        .show-label .text .l1, .legend .l1 { background:rgba(var(--noise-rgb),.38); }
        .show-label .text .l2, .legend .l2 { background:rgba(var(--wrong-rgb),.5); font-weight:700; }
        .legend { display:none; align-items:center; gap:8px; font-size:.82rem; color:var(--soft); margin-bottom:8px; }
        .legend i { font-style:normal; }
        .legend .t { padding:1px 8px; color:var(--ink); }
        .show-loss .for-loss, .show-reference .for-reference, .show-excess .for-excess, .show-kept .for-kept,
          .show-label .for-label { display:flex; }
        .ramp { display:inline-block; width:140px; height:10px; border-radius:5px; }
        .ramp.loss { background:linear-gradient(90deg,rgba(var(--loss-rgb),0),rgba(var(--loss-rgb),.85)); }
        .ramp.reference { background:linear-gradient(90deg,
          rgba(var(--reference-rgb),0),rgba(var(--reference-rgb),.85)); }
        .ramp.excess { background:linear-gradient(90deg,
          rgba(var(--cool-rgb),.85),rgba(var(--cool-rgb),0),rgba(var(--warm-rgb),.85)); }
        #tip { position:fixed; z-index:9; pointer-events:none; background:var(--ink); color:var(--card);
          padding:6px 9px; border-radius:6px; font:12px/1.45 ui-monospace,Menlo,monospace; white-space:pre; }
        """

    /// Switches the coloured quantity and shows a token's values under the pointer or the finger.
    static let script = """
        document.querySelectorAll(".tokens input").forEach(function (input) {
          function pick() { if (input.checked) input.closest("section").className = "tokens show-" + input.value; }
          input.addEventListener("change", pick);
          pick();
        });
        var tip = document.getElementById("tip");
        function show(event) {
          var token = event.target.closest ? event.target.closest("[data-tip]") : null;
          if (!token) { tip.hidden = true; return; }
          tip.textContent = token.dataset.tip;
          tip.hidden = false;
          var box = tip.getBoundingClientRect();
          tip.style.left = Math.max(4, Math.min(innerWidth - box.width - 4, event.clientX + 12)) + "px";
          var below = event.clientY + 18, above = event.clientY - box.height - 10;
          tip.style.top = (below + box.height > innerHeight ? above : below) + "px";
        }
        document.addEventListener("pointermove", show);
        document.addEventListener("pointerdown", show);
        document.addEventListener("scroll", function () { tip.hidden = true; }, true);
        """
}
