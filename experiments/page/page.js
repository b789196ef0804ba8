"use strict";
// What the page does. Everything that it shows was data when it came: it is put into the document as text, never as HTML.

const contentOf = (id) => {
  const element = document.getElementById(id);
  return element === null ? null : JSON.parse(element.textContent);
};

const element = (name, attributes = {}, text = "") => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== "") made.textContent = text;
  return made;
};

// ---- tables ----------------------------------------------------------------------------------------------------------

const ROWS_AT_FIRST = 100;

// Numbers by value, all else by its letters; empty cells last, whichever way.
const compared = (one, other, sign) => {
  if (one === "" || other === "") return (one === "") - (other === "");
  const [a, b] = [Number(one), Number(other)];
  const byValue = Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other, "en") : a - b;
  return sign * byValue;
};

const buildTable = (place) => {
  const { name, columns, rows } = contentOf(place.dataset.table);
  const frame = element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": name });
  const table = element("table");
  const body = element("tbody");
  const more = element("button", { type: "button" }, `Show all ${rows.length} rows`);
  let shown = Math.min(rows.length, ROWS_AT_FIRST);
  let order = rows;
  const numeric = columns.map((_, at) => rows.every((row) => row[at] === "" || !Number.isNaN(Number(row[at]))));

  const fill = () => {
    body.replaceChildren(
      ...order.slice(0, shown).map((row) => {
        const line = element("tr");
        line.append(...row.map((cell, at) => element("td", numeric[at] ? { class: "number" } : {}, cell)));
        return line;
      }),
    );
    more.hidden = shown >= rows.length;
  };

  const head = element("tr");
  const heads = columns.map((column, at) => {
    const cell = element("th", { scope: "col", "aria-sort": "none" });
    const button = element("button", { type: "button", class: "sort" }, column);
    button.addEventListener("click", () => {
      const sign = cell.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const each of heads) each.setAttribute("aria-sort", "none");
      cell.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      // A copy: equal rows stay as the file has them.
      order = [...rows].sort((one, other) => compared(one[at], other[at], sign));
      fill();
    });
    cell.append(button);
    return cell;
  });
  head.append(...heads);
  const top = element("thead");
  top.append(head);
  table.append(element("caption", {}, `${name}: a column's button sorts by it`), top, body);
  more.addEventListener("click", () => {
    shown = rows.length;
    fill();
  });
  fill();
  frame.append(table);
  place.append(frame, more);
};

for (const place of document.querySelectorAll("details[data-table]")) {
  place.addEventListener("toggle", () => buildTable(place), { once: true });
}

// ---- the utterance ---------------------------------------------------------------------------------------------------

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const arrayOf = ({ kind, shape, base64 }) => {
  const kinds = { int16: Int16Array, int32: Int32Array, uint8: Uint8Array };
  return { shape, values: new kinds[kind](bytesOf(base64).buffer) };
};

const explore = async () => {
  const said = contentOf("utterance");
  const item = contentOf("views");
  if (said === null || item === null) return;
  await Bokeh.embed.embed_item(item, "plots");
  const model = (name) => Bokeh.documents[0].get_model_by_name(name);
  const audio = document.getElementById("sound");
  const slider = document.getElementById("frame");
  const layerChoice = document.getElementById("layer");
  const neuronChoice = document.getElementById("neuron");
  const seconds = model("seconds");
  const membranes = said.membranes.map(arrayOf);
  const spikes = said.spikes.map(arrayOf);
  const frames = said.cycles.length;
  const whole = frames * said.frame_s;
  const steps = membranes[0].shape[2];

  // -- the cursor: one time, in every plot, the slider, the sound, and a line of text
  const phoneAt = (phones, at) => phones.find(([, start, end]) => start <= at && at < end)?.[0] ?? "-";
  const place = (at) => {
    const frame = Math.max(0, Math.min(frames - 1, Math.floor(at / said.frame_s + 1e-6)));
    // At the very beginning it would hide the axis.
    for (const name of said.plots) model(`cursor-${name}`).setv({ location: at, visible: at > 0 });
    slider.value = frame;
    const counts = said.fired.map((layer, number) => `layer ${number} ${layer[frame].join(" / ")}`);
    document.getElementById("readout").textContent =
      `${at.toFixed(2)} s, frame ${frame}: heard ${phoneAt(said.phones, at)}, reference ` +
      `${phoneAt(said.reference, at)}; ${said.cycles[frame].toLocaleString("en")} of ` +
      `${said.budget.toLocaleString("en")} cycles; ${said.power_uw[frame].toFixed(2)} uW dynamic; ` +
      `spikes by time step: ${counts.join(", ")}`;
  };
  const seek = (at) => {
    const inside = Math.max(0, Math.min(whole, at));
    audio.currentTime = inside;
    place(inside);
  };
  slider.addEventListener("input", () => seek((Number(slider.value) + 0.5) * said.frame_s));

  // -- which seconds are shown
  const show = (start, end) => {
    const width = Math.max(seconds.min_interval ?? 0, Math.min(whole, end - start));
    const from = Math.max(0, Math.min(whole - width, start));
    seconds.setv({ start: from, end: from + width });
  };
  const zoom = (factor) => {
    const middle = (seconds.start + seconds.end) / 2;
    const half = ((seconds.end - seconds.start) * factor) / 2;
    show(middle - half, middle + half);
  };
  const shift = (part) => {
    const by = (seconds.end - seconds.start) * part;
    show(seconds.start + by, seconds.end + by);
  };
  const actions = {
    in: () => zoom(0.5), out: () => zoom(2), earlier: () => shift(-0.5), later: () => shift(0.5),
    all: () => show(0, whole),
  };
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.addEventListener("click", actions[button.dataset.view]);
  }
  const says = () => {
    document.getElementById("range").textContent =
      `Shown: ${seconds.start.toFixed(2)} to ${seconds.end.toFixed(2)} s of ${whole.toFixed(2)} s`;
  };
  seconds.change.connect(says);

  // -- playing
  const follow = () => {
    place(audio.currentTime);
    if (audio.currentTime > seconds.end || audio.currentTime < seconds.start) {
      show(audio.currentTime, audio.currentTime + seconds.end - seconds.start);
    }
    if (!audio.paused) requestAnimationFrame(follow);
  };
  audio.addEventListener("play", follow);
  audio.addEventListener("seeked", () => audio.paused && place(audio.currentTime));

  // -- one neuron's membrane
  const choose = (layer, neuron) => {
    const [width] = membranes[layer].shape;
    const which = Math.max(0, Math.min(width - 1, Math.floor(neuron)));
    const own = membranes[layer].values.subarray(which * frames * steps, (which + 1) * frames * steps);
    const bits = spikes[layer].values;
    const fired = Array.from({ length: steps }, () => []);
    let [low, high] = [0, said.thresholds[layer]];
    for (let step = 0; step < steps; step += 1) {
      const data = { x: [], y: [] };
      for (let frame = 0; frame < frames; frame += 1) {
        const at = (which * frames + frame) * steps + step;
        const x = (frame + (step + 0.5) / steps) * said.frame_s;
        const y = own[frame * steps + step];
        data.x.push(x);
        data.y.push(y);
        [low, high] = [Math.min(low, y), Math.max(high, y)];
        if ((bits[at >> 3] >> (7 - (at & 7))) & 1) {
          fired[step].push(x);
        }
      }
      model(`membrane${step}`).data = data;
    }
    model("threshold").location = said.thresholds[layer];
    const room = 0.06 * (high - low || 1);
    // Above the highest membrane, a row of marks a time step.
    for (const [step, x] of fired.entries()) {
      const bottom = high + room * (steps - step);
      model(`fired${step}`).data = { x, low: x.map(() => bottom), high: x.map(() => bottom + 0.8 * room) };
    }
    model("membrane").y_range.setv({ start: low - room, end: high + room * (steps + 2) });
    for (let each = 0; each < membranes.length; each += 1) {
      model(`row${each}`).location = each === layer ? which + 0.5 : -1;
    }
    layerChoice.value = layer;
    neuronChoice.max = width - 1;
    neuronChoice.value = which;
    document.getElementById("chosen").textContent =
      `Membrane of layer ${layer}, neuron ${which}: from ${low} to ${high}, threshold ${said.thresholds[layer]}, ` +
      `${fired.flat().length} spikes in ${frames} frames`;
  };
  for (const choice of [layerChoice, neuronChoice]) {
    choice.addEventListener("change", () => choose(Number(layerChoice.value), Number(neuronChoice.value)));
  }

  for (const name of said.plots) {
    const plot = model(name);
    plot.on_event("tap", (event) => {
      seek(event.x);
      if (name.startsWith("spikes")) choose(Number(name.slice("spikes".length)), event.y);
    });
    for (const tool of plot.toolbar.tools) {
      // Where a finger drags, the page scrolls; where a mouse does, time.
      if (tool.name === "pan" && matchMedia("(pointer: fine)").matches) tool.active = true;
    }
  }
  choose(0, said.busiest);
  place(0);
  // As many seconds as phones can be read in.
  show(0, Math.min(whole, document.getElementById("plots").clientWidth / 320));
  says();
  document.body.dataset.ready = "true";
};

explore().catch((error) => {
  document.getElementById("range").textContent = "This browser cannot draw the plots; the tables below have what they show.";
  throw error;
});
