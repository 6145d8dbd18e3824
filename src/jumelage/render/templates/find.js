// Finds names on the A to Z page; without it, the page is a list.
"use strict";
(function () {
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[’'-]/g, " ");
  const box = document.getElementById("find");
  const entries = Array.from(document.querySelectorAll(".names li"), (li) => [li, plain(li.textContent)]);
  const groups = Array.from(document.querySelectorAll(".names"));
  const status = box.querySelector("[role=status]");
  const input = box.querySelector("input");
  input.addEventListener("input", () => {
    const wanted = plain(input.value.trim());
    let found = 0;
    for (const [li, text] of entries) {
      li.hidden = !text.includes(wanted);
      if (!li.hidden) found += 1;
    }
    for (const ul of groups) {
      ul.hidden = !ul.querySelector("li:not([hidden])");
      if (ul.previousElementSibling.tagName === "H3") ul.previousElementSibling.hidden = ul.hidden;
    }
    const said = status.dataset[found === 0 ? "none" : found === 1 ? "one" : "several"];
    const values = { n: found, text: input.value.trim() };
    status.textContent = wanted ? said.replace(/\{(n|text)\}/g, (_, name) => values[name]) : "";
  });
  box.hidden = false;
})();
