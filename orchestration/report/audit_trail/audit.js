// The language a reader chose, for all pages of the folder; and the cell an address names.
(function () {
  "use strict";
  var root = document.documentElement;
  function kept(value) {
    try {
      if (value) { localStorage.setItem("carbonloom-language", value); }
      return localStorage.getItem("carbonloom-language");
    } catch (error) { return null; } // a browser may keep nothing for a file
  }
  function show(language) {
    root.classList.remove("zh", "en");
    root.classList.add(language);
    root.lang = language === "zh" ? "zh-CN" : "en";
    document.querySelectorAll("[data-language]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
  }
  var preferred = /^zh/i.test((navigator.languages || [navigator.language])[0]) ? "zh" : "en";
  show(kept() || preferred);
  document.querySelectorAll("[data-language]").forEach(function (button) {
    button.addEventListener("click", function () { kept(button.dataset.language); show(button.dataset.language); });
  });

  var sections = document.querySelectorAll("section[data-cell]");
  var all = document.querySelector(".all button");
  function only(cell) {
    var known = Array.prototype.some.call(sections, function (one) { return one.dataset.cell === cell; });
    sections.forEach(function (one) { one.hidden = known && one.dataset.cell !== cell; });
    if (all) { all.hidden = !known; }
    document.querySelectorAll("td.here").forEach(function (one) { one.classList.remove("here"); });
    var place = cell && document.getElementById(cell);
    if (place) { place.classList.add("here"); place.scrollIntoView({ block: "center", inline: "center" }); }
  }
  if (sections.length) {
    document.querySelectorAll("td.used").forEach(function (cell) {
      cell.addEventListener("click", function () { location.hash = cell.id; });
    });
    all.addEventListener("click", function () { only(""); });
    window.addEventListener("hashchange", function () { only(location.hash.slice(1)); });
    only(location.hash.slice(1));
  }
})();
