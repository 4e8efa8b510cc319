"use strict";
// Links and curves move the film; the film moves the lines on the curves. Without a film, curves can still be read.
const video = document.querySelector("video");
const plots = document.querySelector(".plots");
const rows = [...document.querySelectorAll("[data-end][data-t]")];
const bands = [...document.querySelectorAll(".plots .plot")].map((plot) => [...plot.querySelectorAll(".band")]);
const start = plots ? Number(plots.dataset.start) : 0;
const end = plots ? Number(plots.dataset.end) : 0;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const clock = (t) => {
  const tenths = Math.round(t * 10);
  return `${Math.floor(tenths / 600)}:${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`;
};

// The annotated film begins where the analysis did; the page speaks of the film's own time.
const now = () => video.currentTime + Number(video.dataset.begins);
const go = (t) => { video.currentTime = t - Number(video.dataset.begins); };

function seek(t, play) {
  if (!video) return;
  go(t);
  if (play) video.play(); else video.pause();
  const box = video.getBoundingClientRect();
  if (box.top >= 0 && box.bottom <= innerHeight) return;
  video.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
}

function place(selector, t) {
  const x = t === null ? "-9" : `${(100 * (t - start)) / (end - start)}%`;
  for (const line of document.querySelectorAll(selector)) { line.setAttribute("x1", x); line.setAttribute("x2", x); }
}

// A curve is a path in a box 10000 by 1000; its value at a time is read back from the nearest point.
function points(plot) {
  const drawn = plot.querySelector(".line").getAttribute("d");
  plot.points ??= [...drawn.matchAll(/[ML](\d+) (\d+)/g)].map((found) => [Number(found[1]), Number(found[2])]);
  return plot.points;
}

function read(t) {
  const x = (10000 * (t - start)) / (end - start);
  for (const plot of document.querySelectorAll(".plot")) {
    let best = null;
    for (const point of points(plot)) if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
    const near = best && Math.abs(best[0] - x) < 10000 / Math.max(40, end - start);
    const value = best && Number(plot.dataset.high) - (best[1] / 1000) * (plot.dataset.high - plot.dataset.low);
    const degrees = plot.dataset.unit === "deg";
    const words = near ? `${value.toFixed(degrees ? 0 : 2)}${degrees ? "°" : ""} at ${clock(t)}` : "";
    plot.querySelector("output").textContent = words.replace("-", "−");
  }
}

function show(t) {
  place(".plot .head", t);
  let i = 0;
  for (const row of rows) row.classList.toggle("now", t >= row.dataset.t && t < row.dataset.end);
  for (const pill of document.querySelectorAll(".rail .pill")) {
    const now = t >= pill.dataset.t && t < pill.dataset.end;
    for (const plot of bands) plot[i]?.classList.toggle("now", now);
    i += 1;
  }
  for (const slider of document.querySelectorAll("[role=slider]")) {
    slider.setAttribute("aria-valuenow", t.toFixed(1));
    slider.setAttribute("aria-valuetext", clock(t));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".seek");
  if (!link || !video || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  seek(Number(link.dataset.t), "play" in link.dataset);
});

for (const scroll of document.querySelectorAll(".plot .scroll")) {
  const chart = scroll.querySelector(".chart");
  const time = (event) => {
    const box = chart.getBoundingClientRect();
    return start + (end - start) * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  chart.addEventListener("pointermove", (event) => {
    const t = time(event);
    place(".plot .cross", t);
    read(t);
    if (video && event.buttons & 1) go(t);
  });
  chart.addEventListener("pointerleave", () => { place(".plot .cross", null); if (video) read(now()); });
  chart.addEventListener("pointerdown", (event) => { if (video && event.button === 0) { video.pause(); go(time(event)); } });
  scroll.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -2, PageDown: 2 }[event.key];
    const goal = { Home: start, End: end }[event.key];
    if (step === undefined && goal === undefined) return;
    event.preventDefault();
    scroll.t = Math.min(end, Math.max(start, goal ?? (video ? now() : scroll.t ?? start) + step));
    if (video) go(scroll.t); else show(scroll.t);
    read(scroll.t);
  });
}
// Wide plots scroll together.
const scrolls = [...document.querySelectorAll(".plot .scroll")];
for (const one of scrolls) {
  one.addEventListener("scroll", () => {
    for (const other of scrolls) if (other.scrollLeft !== one.scrollLeft) other.scrollLeft = one.scrollLeft;
  });
}

if (video) {
  const follow = () => {
    show(now());
    read(now());
    if (!video.paused) requestAnimationFrame(follow);
  };
  for (const name of ["play", "seeked", "loadeddata", "timeupdate"]) video.addEventListener(name, follow);
  const broken = () => { video.hidden = true; document.querySelector(".missing").hidden = false; };
  video.addEventListener("error", broken);
  if (video.error) broken();
}
