// Make outlines.json.gz of the npm packages named in README.md, from the folder that they were installed in:
//
//     node schema/outlines/make_outlines.js FOLDER/node_modules
//
// Two topologies, `world` and the finer `europe`, whose features have ISO 3166-1 alpha-2 codes as ids, and `points`:
// for each code, the degrees east and north where a number may stand, and how many degrees the country is across.
"use strict";
const fs = require("fs");
const path = require("path");
const zlib = require("zlib");

const modules = path.resolve(process.argv[2]);
const load = (name) => require(path.join(modules, name));
const atlas = load("world-atlas/countries-50m.json");
const numbers = new Map(load("i18n-iso-countries/codes.json").map(([alpha2, , number]) => [number, alpha2]));
const { feature, merge, quantize } = load("topojson-client");
const { topology } = load("topojson-server");
const { presimplify, simplify, filter, filterWeight, sphericalRingArea } = load("topojson-simplify");
const polylabel = load("polylabel").default || load("polylabel");

// What has no number there. Natural Earth draws who holds a place, the code list has states: README.md says what differs.
const NAMED = { Kosovo: "XK", "N. Cyprus": "CY", Somaliland: "SO" };
const CRIMEA = [32, 44, 37, 46.5];
const PLACED = { RU: [44, 56.5], US: [-98, 39.5], NO: [9.5, 61.3], SE: [15.3, 61.5], HR: [16.4, 45.6], FR: [2.4, 46.6] };
const EUROPE = [-32, 25, 62, 82]; // west, south, east, north: what may be seen in a map of Europe

const code = (one) => numbers.get(one.id) || NAMED[one.properties.name];

// The pieces of an area, each with the code of its country: all but one of them have that of the area.
function pieces(one) {
  const several = one.type === "Polygon" ? [one.arcs] : one.arcs;
  return several.map((arcs) => {
    const piece = { type: "Polygon", arcs };
    const [west, south, east, north] = box(feature(atlas, piece).geometry.coordinates[0]);
    const crimea = west > CRIMEA[0] && south > CRIMEA[1] && east < CRIMEA[2] && north < CRIMEA[3];
    return { piece, id: crimea ? "UA" : code(one) };
  });
}

const byCode = new Map();
for (const { piece, id } of atlas.objects.countries.geometries.flatMap(pieces)) {
  byCode.set(id, [...(byCode.get(id) || []), piece]);
}
const all = [...byCode].map(([id, found]) => ({ type: "Feature", id, properties: {}, geometry: merge(atlas, found) }));

const polygons = (one) => (one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates);

function box(ring) {
  const [x, y] = [0, 1].map((i) => ring.map((point) => point[i]));
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

// Of a ring, in steradians, whichever way round it goes.
function area(polygon) {
  const size = Math.abs(sphericalRingArea(polygon[0]));
  return Math.min(size, 4 * Math.PI - size);
}

function place(one) {
  const largest = polygons(one).reduce((a, b) => (area(b) > area(a) ? b : a));
  const across = Math.round((Math.sqrt(area(largest)) * 1800) / Math.PI) / 10;
  if (PLACED[one.id]) return [...PLACED[one.id], across];
  const flat = Math.cos((((box(largest[0])[1] + box(largest[0])[3]) / 2) * Math.PI) / 180);
  const [x, y] = polylabel(largest.map((ring) => ring.map(([a, b]) => [a * flat, b])), 0.01);
  return [...[x / flat, y].map((degrees) => Math.round(degrees * 100) / 100), across];
}

function seen(polygon) {
  const [west, south, east, north] = box(polygon[0]);
  return east > EUROPE[0] && west < EUROPE[2] && north > EUROPE[1] && south < EUROPE[3];
}

// Lines bend at triangles of at least this area, and islands have this area, both in square degrees.
function drawn(features, least, steps) {
  const fine = presimplify(topology({ countries: { type: "FeatureCollection", features } }));
  const simple = filter(simplify(fine, least), filterWeight(fine, 4 * least));
  const kept = simple.objects.countries.geometries.filter((one) => one.type && one.arcs);
  return quantize({ ...simple, objects: { countries: { type: "GeometryCollection", geometries: kept } } }, steps);
}

const near = all
  .map((one) => ({ ...one, geometry: { type: "MultiPolygon", coordinates: polygons(one).filter(seen) } }))
  .filter((one) => one.geometry.coordinates.length);
const points = Object.fromEntries(
  all.filter((one) => one.id).map((one) => [one.id, place(one)]).sort(([a], [b]) => (a < b ? -1 : 1)),
);
const made = { world: drawn(all.filter((one) => one.id !== "AQ"), 0.4, 4096), europe: drawn(near, 0.01, 8192), points };
fs.writeFileSync(path.join(__dirname, "outlines.json.gz"), zlib.gzipSync(JSON.stringify(made), { level: 9 }));
