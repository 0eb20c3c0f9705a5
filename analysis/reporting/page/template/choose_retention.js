// Lets the reader choose the studies of the curve of benefit kept; the curve is fitted again with repool.js.
chooser.kept = function (place, data, id) {
  var make = chooser.make, percent = chooser.percent, count = chooser.count, without = {}, regimen = "", HIGH = 200;
  var names = [], last = end(data.counts), wide = last * 1.03 || 1;
  var words = +(100 * data.level).toFixed(6) + "%";
  data.counts.forEach(function (c) { if (names.indexOf(c.study) < 0) names.push(c.study); });
  function of(study) { return data.counts.filter(function (c) { return c.study === study; }); }
  function counts(study) { return !without[study] && (!regimen || of(study)[0].regimen === regimen); }
  function end(rows) { return Math.max.apply(null, rows.map(function (c) { return c.weeks; })); }
  // the curve of some studies, which ends at their last count; why, if none is shown
  function fitted(studies) {
    var rows = data.counts.filter(function (c) { return studies.indexOf(c.study) >= 0; });
    var at = repool.decline(rows.map(function (c) { return [c.study, c.patients, c.treated, c.weeks]; }), data.critical);
    if (studies.length <= chooser.FEW) return { why: "too few studies to average" };
    var last = end(rows), wide = at && Math.max(at(0)[2] - at(0)[1], at(last)[2] - at(last)[1]);
    return at && wide <= chooser.WIDE ? { at: at, last: last } : { why: "too different to average" };
  }
  function told(curve, k) {
    if (!curve.at) return curve.why + ", " + count(k, "study", "studies");
    var first = curve.at(0), then = curve.at(curve.last);
    return percent(first[0]) + " at the end of infusion (" + words + " interval " + chooser.range(first[1], first[2]) + ") and " + percent(then[0]) +
      " at " + count(+curve.last.toFixed(1), "week") + " (" + chooser.range(then[1], then[2]) + "), " + count(k, "study", "studies");
  }
  function x(weeks) { return 100 * weeks / wide; }
  function picture(curve) {
    var svg = make("svg", { width: "100%", height: HIGH, "aria-hidden": "true" });
    [0, 25, 50, 75, 100].forEach(function (at) {
      svg.append(make("line", { x1: 0, x2: "100%", y1: 100 - at + "%", y2: 100 - at + "%", "class": "g" }));
    });
    if (curve.at) {
      var steps = [], area = make("svg", { width: "100%", height: "100%", viewBox: "0 0 100 100", preserveAspectRatio: "none" });
      for (var i = 0; i <= 40; i++) steps.push(Math.expm1(Math.log1p(curve.last) * i / 40));
      var line = function (n) { return steps.map(function (w) { return x(w).toFixed(2) + "," + (100 - 100 * curve.at(w)[n]).toFixed(2); }); };
      [[3, 4, "panel"], [1, 2, "band"]].forEach(function (b) {
        area.append(make("polygon", { points: line(b[0]).concat(line(b[1]).reverse()).join(" "), style: "fill:var(--" + b[2] + ")" }));
      });
      area.append(make("polyline", { points: line(0).join(" "), "vector-effect": "non-scaling-stroke", style: "fill:none;stroke:var(--ketamine);stroke-width:2.5" }));
      svg.append(area);
    }
    data.counts.forEach(function (c) {
      var on = counts(c.study);
      svg.append(make("circle", { cx: x(c.weeks) + "%", cy: 100 - 100 * c.patients / c.treated + "%", r: 5, "stroke-width": on ? 2 : 1, style: "fill:var(--ground);stroke:var(--" + (on ? "placebo" : "grid") + ")" }));
    });
    var axis = make("svg", { width: "100%", height: 20, "aria-hidden": "true" });
    [0, 4, 8, 13, 26, 39, 52].filter(function (w) { return w <= last; }).forEach(function (w) {
      axis.append(make("text", { x: x(w) + "%", y: 14, "text-anchor": w ? "middle" : "start" }, String(w)));
    });
    return make("div", { "class": "curve" }, svg, axis, make("small", {}, "weeks after the end of infusion; the height is 0 to 100%"));
  }

  var section = make("section", { "class": "choose", "aria-labelledby": id }), banner = make("p", { "class": "banner" });
  var back = make("button", { type: "button" }, "Back to the report’s selection"), title = make("p", { "class": "finding", role: "status" });
  var shown = make("div", { "class": "shown" }), tail = chooser.command(), grid = make("div", { "class": "cbs" });
  var form = make("form", { "class": "strip", "aria-label": "Choose the studies of the curve" }, make("fieldset", {}, make("legend", {}, "Studies"), grid));
  names.forEach(function (study) {
    var box = make("input", { type: "checkbox" }), rows = of(study);
    box.addEventListener("change", function () { if (box.checked) delete without[study]; else without[study] = true; draw(); });
    var values = rows.map(function (c) { return c.patients + " of " + c.treated + (c.weeks ? " at " + count(+c.weeks.toFixed(1), "week") : " at the end"); });
    grid.append(make("label", { "data-study": study }, box, make("span", {}, rows[0].name, make("small", {}, values.join("; ")))));
  });
  if (data.regimens.length > 1) {
    var box = make("select", { id: id + "-regimen" });
    [["", "all"]].concat(data.regimens).forEach(function (option) { box.append(make("option", { value: option[0] }, option[1])); });
    box.addEventListener("change", function () { regimen = box.value; draw(); });
    form.append(make("div", { "class": "one" }, make("label", { "for": box.id }, "Regimen"), box));
  }
  function draw() {
    var chosen = names.filter(counts), mine = chosen.length < names.length, curve = fitted(chosen), own = fitted(names);
    grid.querySelectorAll("label").forEach(function (label) {
      var input = label.querySelector("input"), other = regimen && of(label.dataset.study)[0].regimen !== regimen;
      input.checked = counts(label.dataset.study);
      input.disabled = !!other;
    });
    section.classList.toggle("mine", mine);
    banner.textContent = "";
    banner.append(make("span", {}, make("b", {}, mine ? "Your selection" : "The report’s own selection."), mine
      ? " – not the report’s result. You left out " + (names.length - chosen.length) + " of " + count(names.length, "study", "studies") + ". Studies chosen after seeing their results can mislead."
      : " Untick a study: the curve follows. Nothing leaves this page, and the report stays as it is."));
    if (mine) banner.append(back);
    title.textContent = "Benefit kept: " + told(curve, chosen.length);
    shown.textContent = "";
    shown.append(picture(curve));
    if (mine) shown.append(make("p", { "class": "own" }, make("b", {}, "The report’s own result stays: "), told(own, names.length) + "."));
    tail.node.hidden = !curve.at;
    var values = Object.assign({}, data.parameters, mine ? { studies: chosen.join(",") } : {});
    tail.write("python -m analysis report " + data.notebook + Object.keys(values).map(function (name) { return " -p " + name + "=" + values[name]; }).join(""));
  }
  back.addEventListener("click", function () {
    without = {};
    regimen = "";
    form.querySelectorAll("select").forEach(function (box) { box.value = ""; });
    draw();
    grid.querySelector("input").focus();
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  section.append(make("h3", { id: id }, "Choose the studies of this curve"), banner, form, title, shown, tail.node,
    make("p", { "class": "never" }, "Line: typical study; dark band: its " + words + " interval; pale band: where the next study may lie. Definitions of benefit differ."));
  place.append(section);
  draw();
};
