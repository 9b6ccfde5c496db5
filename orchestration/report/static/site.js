// Draws the charts from the options in the page, and filters long tables. Nothing is fetched.
(function () {
  "use strict";
  var language = document.documentElement.lang;
  // neighbours differ in lightness, too: they are told apart in a grey print
  var COLOURS = ["#17624f", "#e0a030", "#3b6fb5", "#b9c4cc", "#8a3b2a", "#9ccfb8", "#5a4a8a",
    "#d98c6a", "#4d5a66", "#d9cf7a"];
  var SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect",
    "emptyTriangle", "emptyDiamond"];
  var STROKES = ["solid", "dashed", "dotted"];
  var KIND_COLOURS = { flow: "#3b6fb5", stage: "#17624f", process: "#17624f", product: "#e0a030",
    site: "#55606f", credit: "#8b3f97" };
  var NARROW = 560, LEGEND_LINE = 22, LABEL_LINE = 13, ROW = 30, PAPER = "700px";
  var font = getComputedStyle(document.body).fontFamily;

  function formatter(decimals, unit) {
    var format = new Intl.NumberFormat(language, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    return function (value) {
      return value === null || value === undefined || value === "-" ? "–" :
        format.format(value) + (unit ? " " + unit : "");
    };
  }

  // a legend never hides an entry: it takes the lines it needs, and the picture grows by them
  var pen = document.createElement("canvas").getContext("2d");
  pen.font = "12px " + font;
  function markWidth(element) { return element.dataset.kind === "line" ? 30 : 14; }
  function legendLines(element, option) {
    var room = element.clientWidth, lines = 1, used = 0;
    option.legend.data.forEach(function (name) {
      var width = pen.measureText(name).width + markWidth(element) + 5 + 12;
      if (used > 0 && used + width > room) { lines += 1; used = 0; }
      used += width;
    });
    return lines;
  }

  // so many lines as the longest name of a ranking takes beside its bar
  function labelWidth(element) { return element.clientWidth < NARROW ? 140 : 300; }
  function labelLines(element, option) {
    var room = labelWidth(element) * 0.85;  // words don't fill their lines
    return Math.max.apply(null, option.yAxis.data.map(function (name) {
      return Math.ceil(pen.measureText(name).width / room);
    }));
  }

  function pixels(element, option, drawn) {
    var lines = option.legend ? legendLines(element, option) : 1;
    if (element.dataset.kind === "ranking") {
      var more = Math.max(0, LABEL_LINE * labelLines(element, option) + 6 - ROW);
      drawn += more * option.yAxis.data.length;
    }
    return drawn + LEGEND_LINE * (lines - 1);
  }

  // the interval of a bar: a line along it with a short one across each end
  var WIDEST_BAR = 56, ACROSS = 5;
  function whiskers(series, isRanking) {
    var bar = series.bar;
    return Object.assign(series, {
      z: 4, silent: true, tooltip: { show: false }, legendHoverLink: false,
      encode: isRanking ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
      renderItem: function (params, api) {
        var layout = api.barLayout({ barMaxWidth: WIDEST_BAR, count: bar.of })[bar.number];
        var ends = [1, 2].map(function (end) {
          var point = isRanking ? api.coord([api.value(end), api.value(0)]) :
            api.coord([api.value(0), api.value(end)]);
          point[isRanking ? 1 : 0] += layout.offsetCenter;
          return point;
        });
        function line(from, to) {
          return { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] },
            style: { stroke: "#1d2a2a", lineWidth: 1.5 } };
        }
        function across(end) {
          var by = isRanking ? [0, ACROSS] : [ACROSS, 0];
          return line([end[0] - by[0], end[1] - by[1]], [end[0] + by[0], end[1] + by[1]]);
        }
        return { type: "group", children: [line(ends[0], ends[1])].concat(ends.map(across)) };
      }
    });
  }

  function dressed(element, option) {
    var narrow = element.clientWidth < NARROW;
    var decimals = Number(element.dataset.decimals);
    var unit = element.dataset.unit;
    var axisNumbers = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
    option.animation = false;
    option.color = COLOURS;
    option.textStyle = { fontFamily: font, fontSize: 12 };
    option.tooltip.valueFormatter = formatter(decimals, unit);
    if (element.dataset.kind === "sankey") {
      var series = option.series[0];
      Object.assign(series, {
        left: 4, right: narrow ? 92 : 190, top: 8, bottom: 8, nodeWidth: narrow ? 8 : 14,
        nodeGap: narrow ? 12 : 20, draggable: false, layoutIterations: 64,
        lineStyle: { color: "source", opacity: 0.28 },
        emphasis: { focus: "adjacency" },
        label: { fontSize: narrow ? 10 : 12, width: narrow ? 86 : 230, overflow: "truncate",
          color: "#1d2a2a" }
      });
      series.data.forEach(function (node) {
        node.itemStyle = { color: KIND_COLOURS[node.kind] || "#888" };
        if (node.kind === "product" || node.kind === "credit") {
          node.label = { width: narrow ? 86 : 184, overflow: "break", lineHeight: narrow ? 11 : 14 };
        }
      });
      series.links.forEach(function (link) {
        if (link.kind === "credit") {
          link.lineStyle = { color: KIND_COLOURS.credit, opacity: 0.45 };
        }
      });
      return option;
    }
    option.series.forEach(function (series, place) {
      if (series.type === "custom") {
        whiskers(series, element.dataset.kind === "ranking");
      } else if (series.type === "line") {
        series.symbol = series.symbol || SYMBOLS[place % SYMBOLS.length];
        series.lineStyle = series.lineStyle ||
          { type: STROKES[place % STROKES.length], width: 2 };
      } else if (series.stack) {
        series.itemStyle = Object.assign({ borderColor: "#fff", borderWidth: 1 },
          series.itemStyle);
      }
    });
    option.grid = { left: 8, right: narrow ? 14 : 24, bottom: 8,
      top: option.legend ? 18 + LEGEND_LINE * legendLines(element, option) : 14,
      outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
    if (option.legend) {
      Object.assign(option.legend, { top: 0, left: 0, itemGap: 12, itemHeight: 10,
        itemWidth: markWidth(element),
        textStyle: { width: element.clientWidth - 60, overflow: "truncate" } });
      if (element.dataset.kind !== "line") { option.legend.icon = "roundRect"; }
    }
    [option.xAxis, option.yAxis].forEach(function (axis) {
      axis.axisLabel = axis.axisLabel || {};
      if (axis.type === "value") {
        axis.axisLabel.formatter = function (value) { return axisNumbers.format(value); };
        axis.axisLabel.hideOverlap = true;
        if (narrow) { axis.splitNumber = 3; }
      }
    });
    if (element.dataset.kind === "ranking") {
      option.yAxis.z = 3;  // the line of zero stands before the bars
      Object.assign(option.yAxis.axisLabel, {
        interval: 0, width: labelWidth(element), overflow: "break", lineHeight: LABEL_LINE,
        fontSize: narrow ? 11 : 12 });
    } else if (element.dataset.kind === "bar" && option.xAxis.data.length <= 6) {
      Object.assign(option.xAxis.axisLabel, {
        interval: 0, overflow: "break", fontSize: narrow ? 10 : 12,
        width: Math.max(36, element.clientWidth * 0.8 / option.xAxis.data.length) });
    } else {
      option.xAxis.axisLabel.hideOverlap = true;
    }
    return option;
  }

  var redraws = [];
  document.querySelectorAll(".plot").forEach(function (element) {
    var text = document.getElementById(element.dataset.option).textContent;
    var chart = echarts.init(element, null, { renderer: "svg" });
    var width = null, height = element.clientHeight;
    function draw() {
      if (element.clientWidth === width || !element.clientWidth) { return; }
      width = element.clientWidth;
      var option = JSON.parse(text);
      element.style.height = pixels(element, option, height) + "px";
      chart.resize();
      chart.setOption(dressed(element, option), true);
      // where no script runs before printing, the picture is scaled to the paper
      element.querySelector("svg").setAttribute("viewBox",
        "0 0 " + chart.getWidth() + " " + chart.getHeight());
    }
    draw();
    redraws.push(function (pixelsWide) {
      element.style.width = pixelsWide;
      draw();
    });
    new ResizeObserver(draw).observe(element);
  });
  function redraw(pixelsWide) { redraws.forEach(function (one) { one(pixelsWide); }); }
  window.addEventListener("beforeprint", function () { redraw(PAPER); });
  window.addEventListener("afterprint", function () { redraw(""); });
  document.querySelectorAll("input[data-filters]").forEach(function (input) {
    var rows = document.querySelectorAll("#" + input.dataset.filters + " tbody tr");
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      var shown = 0;
      rows.forEach(function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
        shown += row.hidden ? 0 : 1;
      });
      input.parentElement.querySelector("output").textContent = shown + " / " + rows.length;
    });
  });
  document.documentElement.dataset.drawn = String(redraws.length);
})();
