// Draws packed cells, outlines, labels and the legend on Leaflet. Everything a planner wrote (names,
// codes, values) enters the page as text nodes, never as markup.
(function () {
  "use strict";
  const STEPS = 1e7; // lattice steps in a degree
  const WORLD = 256; // pixels of the whole world at zoom 0

  function integers(text) {
    const raw = atob(text);
    const values = new Float64Array(raw.length);
    let count = 0, value = 0, factor = 1; // no bit operations: a first longitude needs more than 32 bits
    for (let i = 0; i < raw.length; i++) {
      const byte = raw.charCodeAt(i);
      value += (byte & 127) * factor;
      if (byte < 128) {
        values[count++] = value % 2 ? -(value + 1) / 2 : value / 2;
        value = 0;
        factor = 1;
      } else factor *= 128;
    }
    return values.subarray(0, count);
  }

  function offsets(counts) {
    const result = new Int32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) result[i + 1] = result[i] + counts[i];
    return result;
  }

  // Shapes with their vertices projected to world pixels at zoom 0, and buckets to find them by place.
  function unpack(packed) {
    const steps = integers(packed.points), count = steps.length / 2;
    const x = new Float64Array(count), y = new Float64Array(count);
    const lon = new Int32Array(count), lat = new Int32Array(count);
    let east = 0, north = 0;
    for (let i = 0; i < count; i++) {
      east += steps[2 * i];
      north += steps[2 * i + 1];
      lon[i] = east;
      lat[i] = north;
      const sine = Math.sin((north / STEPS) * Math.PI / 180);
      x[i] = (east / STEPS + 180) / 360 * WORLD;
      y[i] = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD;
    }
    const runs = offsets(integers(packed.runs)), rows = offsets(integers(packed.rows));
    const shapes = { x, y, lon, lat, runs, rows, count: rows.length - 1 };
    index(shapes);
    return shapes;
  }

  function index(shapes) {
    const n = shapes.count, box = new Float64Array(4 * n);
    let west = Infinity, top = Infinity, east = -Infinity, bottom = -Infinity;
    for (let row = 0; row < n; row++) {
      let a = Infinity, b = Infinity, c = -Infinity, d = -Infinity;
      for (let i = shapes.runs[shapes.rows[row]]; i < shapes.runs[shapes.rows[row + 1]]; i++) {
        if (shapes.x[i] < a) a = shapes.x[i];
        if (shapes.x[i] > c) c = shapes.x[i];
        if (shapes.y[i] < b) b = shapes.y[i];
        if (shapes.y[i] > d) d = shapes.y[i];
      }
      box.set([a, b, c, d], 4 * row);
      west = Math.min(west, a); top = Math.min(top, b); east = Math.max(east, c); bottom = Math.max(bottom, d);
    }
    const side = Math.max(1, Math.ceil(Math.sqrt(n)));
    const wide = (east - west) / side || 1, high = (bottom - top) / side || 1;
    const buckets = new Map();
    const column = (v) => Math.min(side - 1, Math.max(0, Math.floor((v - west) / wide)));
    const line = (v) => Math.min(side - 1, Math.max(0, Math.floor((v - top) / high)));
    for (let row = 0; row < n; row++) {
      if (!(box[4 * row] <= box[4 * row + 2])) continue;
      for (let r = line(box[4 * row + 1]); r <= line(box[4 * row + 3]); r++)
        for (let c = column(box[4 * row]); c <= column(box[4 * row + 2]); c++) {
          const key = r * side + c, bucket = buckets.get(key);
          if (bucket) bucket.push(row); else buckets.set(key, [row]);
        }
    }
    const seen = new Int32Array(n);
    let query = 0;
    // Rows whose box meets the rectangle, in order.
    shapes.within = function (a, b, c, d) {
      const found = [];
      query++;
      if (c < west || a > east || d < top || b > bottom) return found;
      for (let r = line(b); r <= line(d); r++)
        for (let k = column(a); k <= column(c); k++)
          for (const row of buckets.get(r * side + k) || []) {
            if (seen[row] === query) continue;
            seen[row] = query;
            if (box[4 * row] <= c && box[4 * row + 2] >= a && box[4 * row + 1] <= d && box[4 * row + 3] >= b) found.push(row);
          }
      return found.sort((one, other) => one - other);
    };
    shapes.meanSide = n ? Math.sqrt(((east - west) * (bottom - top)) / n) : 0;
  }

  function covers(shapes, row, px, py) {
    let inside = false;
    for (let run = shapes.rows[row]; run < shapes.rows[row + 1]; run++) {
      const from = shapes.runs[run], to = shapes.runs[run + 1];
      for (let i = from, j = to - 1; i < to; j = i++) {
        const yi = shapes.y[i], yj = shapes.y[j];
        if ((yi > py) !== (yj > py) && px < ((shapes.x[j] - shapes.x[i]) * (py - yi)) / (yj - yi) + shapes.x[i]) inside = !inside;
      }
    }
    return inside;
  }

  function value(column, row) {
    if (column.numbers) {
      const number = column.numbers[row];
      return number === null ? "" : number.toLocaleString(document.documentElement.lang || undefined);
    }
    return column.index ? column.texts[column.index[row]] : column.texts[row];
  }

  function element(tag, kind, text) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function table(columns, row) {
    const made = element("table", "geogrid-facts");
    for (const column of columns) {
      const text = value(column, row);
      if (text === "") continue;
      const line = made.appendChild(element("tr"));
      line.appendChild(element("th", "", column.title));
      line.appendChild(element("td", "", text));
    }
    return made;
  }

  // Slanting lines; tiles are a whole number of patterns wide, so that they join.
  function hatched(pen, colour) {
    const ratio = window.devicePixelRatio || 1, side = 8, tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(side * ratio);
    const line = tile.getContext("2d");
    line.scale(tile.width / side, tile.width / side);
    line.strokeStyle = colour;
    line.lineWidth = 1.3;
    line.beginPath();
    for (const shift of [-side, 0, side]) { line.moveTo(shift - 1, side + 1); line.lineTo(shift + side + 1, -1); }
    line.stroke();
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(side / tile.width));
    return pattern;
  }

  const Shapes = L.GridLayer.extend({
    options: { tileSize: 512, maxZoom: 20, noWrap: true, weight: 0.6, stroke: "#ffffff", strokeOpacity: 0.9, closed: true, dash: [], tip: "top", thins: false },

    initialize: function (data, options) {
      L.setOptions(this, options);
      this.shapes = unpack(data.geometry);
      this.fill = data.fill || null;
      this.palette = data.palette || [];
      this.columns = data.columns || null;
      this.brief = data.columns ? data.columns.filter((column) => data.brief.includes(column.name)) : [];
    },

    createTile: function (at) {
      const size = this.getTileSize(), ratio = window.devicePixelRatio || 1;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(size.x * ratio);
      canvas.height = Math.round(size.y * ratio);
      const pen = canvas.getContext("2d");
      const scale = Math.pow(2, at.z), left = at.x * size.x, top = at.y * size.y, rim = 4 / scale;
      const rows = this.shapes.within(left / scale - rim, top / scale - rim, (left + size.x) / scale + rim, (top + size.y) / scale + rim);
      if (!rows.length) return canvas;
      pen.scale(ratio, ratio);
      pen.lineJoin = "round";
      const trace = (row) => {
        const s = this.shapes;
        for (let run = s.rows[row]; run < s.rows[row + 1]; run++) {
          for (let i = s.runs[run]; i < s.runs[run + 1]; i++) {
            const px = s.x[i] * scale - left, py = s.y[i] * scale - top;
            if (i === s.runs[run]) pen.moveTo(px, py); else pen.lineTo(px, py);
          }
          if (this.options.closed) pen.closePath();
        }
      };
      // A path of many thousand pieces takes far longer than the same pieces a few at a time.
      const paint = (some, finish) => {
        for (let from = 0; from < some.length; from += 64) {
          pen.beginPath();
          for (let i = from; i < Math.min(from + 64, some.length); i++) trace(some[i]);
          finish();
        }
      };
      // Borders of cells a few pixels wide would hide their colours.
      const crowd = this.fill ? Math.min(1, (this.shapes.meanSide * scale - 3) / 8) : 1;
      if (this.fill) {
        const groups = new Map();
        for (const row of rows) {
          const group = groups.get(this.fill[row]);
          if (group) group.push(row); else groups.set(this.fill[row], [row]);
        }
        for (const [colour, group] of groups) {
          pen.fillStyle = pen.strokeStyle = this.palette[colour];
          pen.lineWidth = 0.7;
          // Without borders the background would shine through between neighbours: each is a little larger then.
          paint(group, crowd > 0.5 ? () => pen.fill() : () => { pen.fill(); pen.stroke(); });
        }
      }
      if (this.options.solid) {
        pen.fillStyle = this.options.solid;
        paint(rows, () => pen.fill());
      }
      if (this.options.hatch) {
        pen.fillStyle = hatched(pen, this.options.hatch);
        paint(rows, () => pen.fill());
      }
      if (this.options.weight && crowd > 0) {
        pen.globalAlpha = this.options.strokeOpacity * crowd;
        pen.strokeStyle = this.options.stroke;
        // Of a whole city, every street in full width would hide the cells.
        pen.lineWidth = this.options.weight * (this.options.thins ? Math.min(1, Math.max(0.25, (at.z - 11) / 5)) : 1);
        pen.setLineDash(this.options.dash);
        paint(rows, () => pen.stroke());
      }
      return canvas;
    },

    onAdd: function (map) {
      L.GridLayer.prototype.onAdd.call(this, map);
      if (this.columns) map.on({ mousemove: this._hover, mouseout: this._leave, click: this._open }, this);
    },

    onRemove: function (map) {
      if (this.columns) map.off({ mousemove: this._hover, mouseout: this._leave, click: this._open }, this);
      this._leave();
      L.GridLayer.prototype.onRemove.call(this, map);
    },

    rowAt: function (place) {
      const at = L.CRS.EPSG3857.latLngToPoint(place, 0);
      for (const row of this.shapes.within(at.x, at.y, at.x, at.y)) if (covers(this.shapes, row, at.x, at.y)) return row;
      return -1;
    },

    _hover: function (event) {
      const row = this.rowAt(event.latlng);
      if (row < 0) return this._leave();
      if (row !== this._row) {
        this._row = row;
        const s = this.shapes, rings = [];
        for (let run = s.rows[row]; run < s.rows[row + 1]; run++) {
          const ring = [];
          for (let i = s.runs[run]; i < s.runs[run + 1]; i++) ring.push([s.lat[i] / STEPS, s.lon[i] / STEPS]);
          rings.push(ring);
        }
        this._edge = this._edge || L.polygon([], { color: "#111", weight: 2, fill: false, interactive: false });
        this._edge.setLatLngs(rings).addTo(this._map);
        this._tip = this._tip || L.tooltip({ direction: this.options.tip, offset: [0, this.options.tip === "top" ? -6 : 6], className: "geogrid-tip" });
        this._tip.setContent(table(this.brief, row));
      }
      this._tip.setLatLng(event.latlng).addTo(this._map);
    },

    _leave: function () {
      if (this._edge) this._edge.remove();
      if (this._tip) this._tip.remove();
      this._row = -1;
    },

    _open: function (event) {
      const row = this.rowAt(event.latlng);
      if (row >= 0) L.popup({ maxWidth: 360, maxHeight: 360 }).setLatLng(event.latlng).setContent(table(this.columns, row)).openOn(this._map);
    },
  });

  // Names at their places; of two that would overlap the later one is hidden until there is room.
  const Labels = L.LayerGroup.extend({
    initialize: function (labels) {
      L.LayerGroup.prototype.initialize.call(this);
      for (const [lat, lon, text] of labels) {
        const icon = L.divIcon({ className: "geogrid-label", html: element("span", "", text), iconSize: [0, 0] });
        this.addLayer(L.marker([lat, lon], { icon, interactive: false, keyboard: false }));
      }
    },
    onAdd: function (map) {
      L.LayerGroup.prototype.onAdd.call(this, map);
      map.on("zoomend resize", this._declutter, this);
      this._declutter();
    },
    onRemove: function (map) {
      map.off("zoomend resize", this._declutter, this);
      L.LayerGroup.prototype.onRemove.call(this, map);
    },
    _declutter: function () {
      const kept = [];
      this.eachLayer((marker) => {
        const span = marker.getElement() && marker.getElement().firstChild;
        if (!span) return;
        span.style.visibility = "";
        const at = this._map.latLngToLayerPoint(marker.getLatLng()), w = span.offsetWidth / 2, h = span.offsetHeight / 2;
        const box = [at.x - w, at.y - h, at.x + w, at.y + h];
        const clash = kept.some((k) => k[0] < box[2] && k[2] > box[0] && k[1] < box[3] && k[3] > box[1]);
        if (clash) span.style.visibility = "hidden"; else kept.push(box);
      });
    },
  });

  const Legend = L.Control.extend({
    options: { position: "bottomright" },
    initialize: function (legend, options) {
      L.setOptions(this, options);
      this.legend = legend;
    },
    onAdd: function () {
      const box = element("div", "geogrid-legend leaflet-control"), { title, ramp, entries, note, signs } = this.legend;
      L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
      const fold = box.appendChild(element("details"));
      fold.open = true;
      fold.appendChild(element("summary", "", title));
      const spread = ramp.length ? ramp[ramp.length - 1][1] - ramp[0][1] : 0;
      const places = spread > 0 ? Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(spread)))) : 0;
      const number = (n) => n.toLocaleString(document.documentElement.lang || undefined, { maximumFractionDigits: places });
      if (ramp.length) {
        const bar = fold.appendChild(element("div", "geogrid-ramp"));
        bar.style.background = "linear-gradient(to right, " + ramp.map((stop) => stop[0]).join(", ") + ")";
        const ticks = fold.appendChild(element("div", "geogrid-ticks"));
        for (const stop of [ramp[0], ramp[Math.floor(ramp.length / 2)], ramp[ramp.length - 1]]) ticks.appendChild(element("span", "", number(stop[1])));
      }
      for (const [colour, text, count] of entries) {
        const line = fold.appendChild(element("div", "geogrid-entry"));
        line.appendChild(element("i")).style.background = colour;
        line.appendChild(element("span", "", text));
        line.appendChild(element("b", "", number(count)));
      }
      if (note) fold.appendChild(element("p", "", note));
      if (signs && signs.length) fold.appendChild(element("hr"));
      for (const [sign, colour, text, count] of signs || []) {
        const line = fold.appendChild(element("div", "geogrid-entry"));
        const mark = line.appendChild(element("i", "geogrid-" + sign));
        if (sign === "line") mark.style.borderTopColor = colour;
        else if (sign === "hatch") {
          mark.style.background = "repeating-linear-gradient(135deg, " + colour + " 0 1.5px, transparent 1.5px 5px)";
          mark.style.border = "1.5px solid " + colour;
        } else mark.style.background = colour;
        line.appendChild(element("span", "", text));
        line.appendChild(element("b", "", number(count)));
      }
      return box;
    },
  });

  L.Control.Attribution.prototype.options.prefix = '<a href="https://leafletjs.com">Leaflet</a>';
  L.geogrid = {
    shapes: (data, options) => new Shapes(data, options),
    labels: (labels) => new Labels(labels),
    legend: (legend) => new Legend(legend),
  };
})();
