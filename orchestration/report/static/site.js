// Draws the charts from the options in the page, and filters long tables. Nothing is fetched.
(function () {
  "use strict";
  var language = document.documentElement.lang;
  var COLOURS = ["#17624f", "#e0a030", "#3b6fb5", "#b5523b", "#7a5ea8", "#5a9bb5", "#8c8c3a",
    "#a8577e", "#55606f", "#8fbfa3"];
  var KIND_COLOURS = { flow: "#3b6fb5", stage: "#17624f", process: "#17624f", product: "#e0a030",
    site: "#55606f" };
  var NARROW = 560;
  var font = getComputedStyle(document.body).fontFamily;

  function formatter(decimals, unit) {
    var format = new Intl.NumberFormat(language, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    return function (value) {
      return value === null || value === undefined || value === "-" ? "–" :
        format.format(value) + (unit ? " " + unit : "");
    };
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
        if (node.kind === "product") {
          node.label = { width: narrow ? 86 : 184, overflow: "break", lineHeight: narrow ? 11 : 14 };
        }
      });
      return option;
    }
    option.grid = { left: 8, right: narrow ? 14 : 24, top: option.legend ? 40 : 14, bottom: 8,
      outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
    if (option.legend) {
      Object.assign(option.legend, { type: "scroll", top: 0, left: 0, icon: "roundRect",
        itemWidth: 14, itemHeight: 10 });
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
      Object.assign(option.yAxis.axisLabel, {
        interval: 0, width: narrow ? 118 : 300, overflow: narrow ? "break" : "truncate",
        lineHeight: 13, fontSize: narrow ? 11 : 12 });
    } else if (element.dataset.kind === "bar" && option.xAxis.data.length <= 6) {
      Object.assign(option.xAxis.axisLabel, {
        interval: 0, overflow: "break", fontSize: narrow ? 10 : 12,
        width: Math.max(36, element.clientWidth * 0.8 / option.xAxis.data.length) });
    } else {
      option.xAxis.axisLabel.hideOverlap = true;
    }
    return option;
  }

  var drawn = 0;
  document.querySelectorAll(".plot").forEach(function (element) {
    var text = document.getElementById(element.dataset.option).textContent;
    var chart = echarts.init(element, null, { renderer: "svg" });
    var width = null;
    function draw() {
      if (element.clientWidth === width || !element.clientWidth) { return; }
      width = element.clientWidth;
      chart.resize();
      chart.setOption(dressed(element, JSON.parse(text)), true);
      // paper is narrower than the screen and no script runs in between: the picture is scaled
      element.querySelector("svg").setAttribute("viewBox",
        "0 0 " + chart.getWidth() + " " + chart.getHeight());
    }
    draw();
    drawn += 1;
    new ResizeObserver(draw).observe(element);
  });
  document.querySelectorAll("input[data-filters]").forEach(function (input) {
    var rows = document.querySelectorAll("#" + input.dataset.filters + " tbody tr");
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      rows.forEach(function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
      });
    });
  });
  document.documentElement.dataset.drawn = String(drawn);
})();
