// Lets the reader choose studies, definition, time, regimen and sources below a figure with choices; the rates are pooled
// again with repool.js. The report's own result stays. Nodes are built one by one: no text of the data becomes markup.
document.querySelectorAll(".choices").forEach(function (place) {
  var data = JSON.parse(place.querySelector("script").textContent), id = place.parentNode.id + "-choice";
  if (data.counts) return chooser.kept(place, data, id);
  var start = data.results.reduce(function (a, b) { return b.k > a.k ? b : a; });
  var view = { definition: start.definition, window: start.window, regimen: "", access: "", without: {} };
  var z = data.critical[0];
  var BY_YOU = "left out by you", FEW = chooser.FEW, WIDE = chooser.WIDE;

  var make = chooser.make, count = chooser.count, list = chooser.list, upper = chooser.upper, percent = chooser.percent, range = chooser.range;
  function of(rate) { return rate.responders + " of " + rate.n; }
  function words(options, value) { return options.filter(function (o) { return o[0] === value; })[0][1]; }

  // Why a rate does not count in the reader's selection; empty if it does.
  function leftOut(rate) {
    if (view.regimen && rate.regimen !== view.regimen) return "left out: another regimen";
    if (view.access && view.access.split(",").indexOf(rate.access) < 0) return "left out: another source";
    return view.without[rate.study] ? BY_YOU : "";
  }

  // One entry a study: its arms are combined, and of an arm counted twice in a window the earlier count is used.
  function combine(rates) {
    var arms = {}, byStudy = {}, order = [];
    rates.forEach(function (rate) {
      if (arms[rate.arm]) return;
      arms[rate.arm] = true;
      var known = byStudy[rate.study];
      if (!known) {
        order.push(rate.study);
        byStudy[rate.study] = Object.assign({}, rate, { rows: [rate.row] });
        return;
      }
      known.responders += rate.responders;
      known.n += rate.n;
      known.printed = percent(known.responders / known.n);
      known.rows.push(rate.row);
    });
    return order.map(function (study) { return byStudy[study]; });
  }

  // The pools of the view: one for each kind of control and route, with what counts, what the reader left out and what no
  // pool may contain.
  function pools() {
    var found = {}, order = [];
    data.rates.forEach(function (rate) {
      if (rate.definition !== view.definition || rate.window !== view.window) return;
      var key = rate.control + "," + rate.route;
      if (!found[key]) {
        order.push(key);
        found[key] = { control: rate.control, route: rate.route, counted: [], left: [], excluded: [] };
      }
      var why = rate.why || leftOut(rate);
      (rate.why ? found[key].excluded : why ? found[key].left : found[key].counted).push(Object.assign({ reason: why }, rate));
    });
    return order.map(function (key) {
      var pool = found[key];
      pool.counted = combine(pool.counted);
      var here = pool.counted.map(function (rate) { return rate.study; });
      pool.left = combine(pool.left.filter(function (rate) { return here.indexOf(rate.study) < 0; }));
      pool.mine = pool.left.length > 0 || pool.counted.some(function (rate) { return rate.rows.length < rowsOf(rate, pool); });
      pool.own = data.results.filter(function (result) {
        return result.definition === view.definition && result.window === view.window && result.control === pool.control && result.route === pool.route;
      })[0];
      var counts = pool.counted.map(function (rate) { return [rate.responders, rate.n]; });
      pool.result = counts.length ? repool.pool(counts, data.level, data.critical) : null;
      return pool;
    });
  }
  // the number of rows of a study that count without the reader's choices
  function rowsOf(rate, pool) {
    var all = data.rates.filter(function (other) {
      return other.study === rate.study && !other.why && other.definition === view.definition && other.window === view.window && other.control === pool.control && other.route === pool.route;
    });
    return combine(all)[0].rows.length;
  }
  // why no average is shown; empty if one is
  function noAverage(k, low, high) {
    if (k <= FEW) return "too few studies to average";
    if (low === null || high - low > WIDE) return "too different to average";
    return "";
  }
  function ends(pool) {
    var sorted = pool.counted.slice().sort(function (a, b) { return a.responders / a.n - b.responders / b.n || b.n - a.n; });
    var least = sorted[0], most = sorted.filter(function (rate) { return rate.responders / rate.n === sorted[sorted.length - 1].responders / sorted[sorted.length - 1].n; })[0];
    return [least, most];
  }
  function sentence(pool) {
    if (!pool.counted.length) return pool.left.length ? "no study is left" : "no rate can be averaged";
    if (pool.counted.length === 1) return pool.counted[0].name + " alone counts it: " + of(pool.counted[0]) + " patients";
    var both = ends(pool), from = of(both[0]) === of(both[1]) ? of(both[0]) : "from " + of(both[0]) + " to " + of(both[1]);
    var why = noAverage(pool.result.k, pool.result.low, pool.result.high);
    return from + " patients" + (why ? ", " + why : "; " + percent(pool.result.estimate) + " on average (" + interval(pool.result) + ")");
  }
  function interval(result) { return percentLevel + " interval " + range(result.low, result.high); }
  var percentLevel = +(100 * data.level).toFixed(6) + "%";

  function lines() {
    return [0, 25, 50, 75, 100].map(function (at) { return make("line", { x1: at + "%", x2: at + "%", y1: 0, y2: "100%", "class": "g" }); });
  }
  function track(marks) {
    var svg = make("svg", { width: "100%", "aria-hidden": "true" });
    lines().concat(marks).forEach(function (mark) { svg.append(mark); });
    return make("div", { "class": "t", style: "--h:30px" }, svg);
  }
  function span(low, high, tone, width) {
    return make("line", { x1: 100 * low + "%", x2: 100 * high + "%", y1: "50%", y2: "50%", "stroke-width": width, style: "stroke:var(--" + tone + ")" });
  }
  function point(at, face, tone, radius) {
    return make("circle", { cx: 100 * at + "%", cy: "50%", r: radius, "stroke-width": 2, style: "fill:var(--" + face + ");stroke:var(--" + tone + ")" });
  }
  function row(rate, counts) {
    var limits = repool.wilson(rate.responders, rate.n, z), at = rate.responders / rate.n;
    var label = make("div", { "class": "l" }, counts || rate.why ? rate.name : make("s", {}, rate.name), make("small", {}, counts ? rate.response : rate.why ? "not averaged: " + rate.why : rate.reason));
    var marks = rate.why ? [point(at, "ground", "unknown", 5.5)]
      : [span(limits[0], limits[1], counts ? "ketamine" : "unknown", 2.5), point(at, counts ? "ketamine" : "ground", counts ? "ketamine" : "unknown", 5.5)];
    var value = counts ? [make("b", {}, rate.printed), make("small", {}, chooser.linked(of(rate), rate.rows))] : [make("span", { "class": "nk" }, chooser.linked(of(rate), rate.rows || [rate.row]))];
    return make("div", { "class": "row" }, label, track(marks), make.apply(null, ["div", { "class": "v" }].concat(value)));
  }
  function average(pool) {
    var result = pool.result, next = make("rect", { x: 100 * result.next_low + "%", width: 100 * (result.next_high - result.next_low) + "%", y: "50%", height: 12, transform: "translate(0 -6)", style: "fill:var(--band)" });
    var marks = [next, span(result.low, result.high, "ink", 5), point(result.estimate, "ink", "ink", 6)];
    return make("div", { "class": "row" }, make("div", { "class": "l" }, make("b", {}, "Typical study"), make("small", {}, count(result.k, "study", "studies") + "; pale bar: where the next one is expected")), track(marks),
      make("div", { "class": "v" }, make("b", {}, percent(result.estimate)), make("small", {}, range(result.low, result.high))));
  }
  function axis() {
    var svg = make("svg", { width: "100%", height: 20, "aria-hidden": "true" });
    [0, 25, 50, 75, 100].forEach(function (at) { svg.append(make("text", { x: at + "%", y: 14, "text-anchor": "middle" }, at + "%")); });
    return make("div", { "class": "row ax" }, make("div", { "class": "l" }), make("div", { "class": "t" }, svg), make("div", { "class": "v" }));
  }

  // A result in words, and its average as a sentence for the fold.
  function told(k, responders, patients) { return count(k, "study", "studies") + ", " + responders + " of " + patients + " patients"; }
  function averageWords(result) {
    if (result.estimate === null) return "cannot be estimated: each study has either none or all";
    return percent(result.estimate) + " (" + interval(result) + (result.next_low === null ? "" : "; the next such study may see " + range(result.next_low, result.next_high)) + ")";
  }
  function results(pool) {
    var own = pool.own, parts = [], averages = [], mine = pool.mine ? "Your selection" : "The report’s result";
    if (pool.counted.length > 1) {
      parts.push(make("p", { "class": "pool" }, make("b", {}, mine + ": "), told(pool.result.k, pool.result.responders, pool.result.patients) + "."));
      averages.push([mine, pool.result]);
    }
    if (pool.mine && own) {
      parts.push(make("p", { "class": "own" }, make("b", {}, "The report’s own result stays: "), told(own.k, own.responders, own.patients) + "."));
      averages.push(["The report", own]);
    } else if (pool.mine) {
      parts.push(make("p", { "class": "own" }, make("b", {}, "The report"), " has no average here either: one study alone counts this."));
    }
    if (averages.length) {
      var hidden = averages.some(function (item) { return noAverage(item[1].k, item[1].low, item[1].high); });
      var fold = make("details", { "class": "averages" }, make("summary", {}, hidden ? "Averages that say too little to be drawn" : "Averages in full"));
      averages.forEach(function (item) { fold.append(make("p", {}, make("b", {}, item[0] + ": "), averageWords(item[1]) + ".")); });
      if (hidden) fold.append(make("p", {}, "No average is drawn of " + FEW + " studies or fewer, or with an interval wider than " + 100 * WIDE + " points."));
      parts.push(fold);
    }
    return parts;
  }
  function command(found, mine) {
    var values = Object.assign({}, data.parameters), studies = [];
    if (mine) {
      found.forEach(function (pool) { pool.counted.forEach(function (rate) { if (studies.indexOf(rate.study) < 0) studies.push(rate.study); }); });
      values.studies = studies.join(",");
    }
    if (view.access) values.access = view.access;
    values.definition_classes = view.definition;
    return "python -m analysis report " + data.notebook + Object.keys(values).map(function (name) { return " -p " + name + "=" + values[name]; }).join("");
  }

  var section = make("section", { "class": "choose", "aria-labelledby": id });
  var banner = make("p", { "class": "banner" }), back = make("button", { type: "button" }, "Back to the report’s selection");
  var title = make("p", { "class": "finding", role: "status" }), shown = make("div", { "class": "shown" }), tail = chooser.command();
  var studies = make("fieldset"), form = make("form", { "class": "strip", "aria-label": "Choose what counts" }, studies);
  function select(label, name, options) {
    var box = make("select", { id: id + "-" + name });
    options.forEach(function (option) { box.append(make("option", { value: option[0] }, option[1])); });
    box.addEventListener("change", function () { view[name] = box.value; draw(true); });
    form.append(make("div", { "class": "one" }, make("label", { "for": box.id }, label), box));
    return box;
  }
  var definition = select("Counted as response", "definition", data.definitions);
  var times = make("fieldset", {}, make("legend", {}, "Time after the end of infusion")), segments = make("div", { "class": "segs" });
  data.windows.forEach(function (name, number) {
    var button = make("input", { type: "radio", name: id + "-window", value: number });
    button.addEventListener("change", function () { view.window = number; draw(true); });
    segments.append(make("label", { "class": "seg" }, button, make("span", {}, name.replace(/ (of|after) the end of infusion$/, ""))));
  });
  times.append(segments);
  var regimen = select("Regimen", "regimen", [["", "all"]].concat(data.regimens));
  var access = data.access.length ? select("Sources", "access", [["", "all of this report"]].concat(data.access)) : null;
  form.append(times);

  function boxes(found) {
    studies.textContent = "";
    studies.append(make("legend", {}, "Studies"));
    var grid = make("div", { "class": "cbs" });
    found.forEach(function (pool) {
      pool.counted.concat(pool.left).forEach(function (rate) {
        var box = make("input", { type: "checkbox" }), byYou = !rate.reason || rate.reason === BY_YOU;
        box.checked = !rate.reason;
        box.disabled = !byYou;
        box.addEventListener("change", function () { if (box.checked) delete view.without[rate.study]; else view.without[rate.study] = true; draw(false); });
        grid.append(make("label", {}, box, make("span", {}, rate.name, make("small", {}, byYou ? of(rate) : rate.reason))));
      });
    });
    studies.append(grid.children.length ? grid : make("p", {}, "None that can be averaged."));
  }
  // fresh: the list of studies changes too; a study just unticked keeps its place and the focus
  function draw(fresh) {
    var found = pools(), mine = found.some(function (pool) { return pool.mine; }), names = [], left = 0, all = 0;
    if (fresh) boxes(found);
    found.forEach(function (pool) {
      left += pool.left.length;
      all += pool.left.length + pool.counted.length;
      pool.left.forEach(function (rate) { names.push(rate.name); });
    });
    section.classList.toggle("mine", mine);
    banner.textContent = "";
    banner.append(make("span", {}, make("b", {}, mine ? "Your selection" : "The report’s own selection."), mine
      ? " – not the report’s result. " + (left ? "You left out " + left + " of " + count(all, "study", "studies") : "Some counts are left out") + ". Studies chosen after seeing their results can mislead."
      : " Untick a study or change a choice: the picture follows. Nothing leaves this page, and the report stays as it is."));
    if (mine) banner.append(back);
    var what = words(data.definitions, view.definition) + " " + data.windows[view.window];
    var lead = mine && names.length ? (names.length < 3 ? "Without " + list(names) + ", " : "With " + (all - left) + " of " + count(all, "study", "studies") + ", ") + what : what;
    var none = !found.length || all === left; // nothing that an average could contain
    title.textContent = none && all ? "No study is left: " + what : upper(lead) + (found.length === 1 ? ": " + sentence(found[0]) : found.length ? ": " + found.length + " groups that are never averaged together" : ": no study of this report counts it");
    shown.textContent = "";
    found.forEach(function (pool) {
      var rows = make("div", { "class": "rowfig" });
      rows.append(make("p", { "class": "grp" }, (data.controls[pool.control] || upper(pool.control)) + (pool.route === "iv" ? "" : ", route: " + (pool.route || "not stated").replace(/_/g, " "))));
      pool.counted.forEach(function (rate) { rows.append(row(rate, true)); });
      pool.left.forEach(function (rate) { rows.append(row(rate, false)); });
      pool.excluded.forEach(function (rate) { rows.append(row(rate, false)); });
      if (pool.counted.length > 1 && !noAverage(pool.result.k, pool.result.low, pool.result.high)) rows.append(average(pool));
      rows.append(axis());
      shown.append(rows);
      if (found.length > 1) shown.append(make("p", {}, upper(sentence(pool)) + "."));
      results(pool).forEach(function (part) { shown.append(part); });
    });
    if (none) shown.append(make("p", { "class": "empty" }, all ? "Nothing is left: no study has all that you chose. The way back is above." : "Choose another definition or time."));
    tail.node.hidden = none;
    tail.write(command(found, mine));
  }
  function reset(focus) {
    view.without = {};
    view.regimen = view.access = "";
    definition.value = view.definition;
    segments.querySelectorAll("input")[view.window].checked = true;
    regimen.value = "";
    if (access) access.value = "";
    draw(true);
    if (focus) (studies.querySelector("input") || definition).focus();
  }
  back.addEventListener("click", function () { reset(true); });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  section.append(make("h3", { id: id }, "Choose studies yourself"), banner, form, title, shown, tail.node,
    make("p", { "class": "never" }, "Points: rate with its " + percentLevel + " interval (Wilson). Never averaged together, whatever is chosen: studies with and without a placebo group, different definitions, different routes, studies that share patients."));
  place.append(section);
  reset(false);
});
