/** The start page: projects, the runs of a project, one run. All data becomes text nodes. */

const POINTS_A_CHART = 1000, CHARTS_A_PAGE = 60, CONSOLE_LINES = 100, REFRESH_MS = 5000;
const main = document.getElementById("main"), crumbs = document.getElementById("crumbs");

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function vector(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

async function load(path) {
  const response = await fetch(`api/${path}`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

const encodePath = (path) => path.split("/").map(encodeURIComponent).join("/");
const day = (text) => (text ?? "").slice(0, 19).replace("T", " ");

function table(heads, rows) {
  const head = element("tr", {}, ...heads.map((text) => element("th", {}, text)));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((c) => element("td", {}, c))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

function statusOf(run) {
  const word = run.liveness === "dead" && run.status === "running" ? "dead" : run.status;
  const text = word === "dead" ? "running (its process is gone)" : word;
  return element("span", { class: word.replace(/\W/g, "") }, text);
}

async function projectsView() {
  const { projects } = await load("projects");
  if (projects.length === 0) return [element("p", { class: "faint" }, "No runs yet.")];
  const rows = projects.map(({ name, run_count, last_modified }) => [
    element("a", { href: `#/project/${encodePath(name)}` }, name),
    String(run_count),
    day(last_modified),
  ]);
  return [table(["Project", "Runs", "Changed (UTC)"], rows)];
}

async function projectView(project) {
  const { runs } = await load(`runs?project=${encodeURIComponent(project)}`);
  const rows = runs.filter((run) => !run.trashed).map((run) => [
    element("a", { href: `#/run/${encodePath(`${project}/${run.run_id}`)}` }, run.run_id),
    run.experiment_name ?? "",
    statusOf(run),
    day(run.created_at),
    day(run.closed_at),
  ]);
  return [table(["Run", "Name", "Status", "Created (UTC)", "Closed (UTC)"], rows)];
}

async function runView(path) {
  const base = `runs/${encodePath(path)}`;
  const [run, { configs }] = await Promise.all([load(base), load(`${base}/configs`)]);
  const metrics = run.metric_paths.slice(0, CHARTS_A_PAGE);
  const charts = await Promise.all(metrics.map((metric) => chart(base, metric)));
  const outputs = run.string_series_paths.filter((name) => /(^|\/)std(out|err)$/.test(name));
  const consoles = await Promise.all(outputs.map((name) => consoleOf(base, name)));
  const hidden = run.metric_paths.length - metrics.length;
  const rows = Object.entries(configs).map(([name, value]) => [name, valueText(value)]);
  return [
    element("p", {}, statusOf(run), ` since ${day(run.created_at)} UTC`),
    element("h2", {}, `Metrics${hidden > 0 ? ` (the first ${metrics.length})` : ""}`),
    element("div", { class: "charts" }, ...charts),
    ...consoles.flat(),
    element("h2", {}, "Configs"),
    table(["Path", "Value"], rows),
  ];
}

const valueText = (value) => typeof value === "string" ? value : JSON.stringify(value);

async function consoleOf(base, name) {
  const query = `path=${encodeURIComponent(name)}&tail=${CONSOLE_LINES}`;
  const { string_series: lines } = await load(`${base}/string_series?${query}`);
  const text = lines.map((line) => line.value).join("\n");
  return [element("h2", {}, name), element("pre", {}, text)];
}

async function chart(base, path) {
  const query = `path=${encodeURIComponent(path)}&pointCount=${POINTS_A_CHART}`;
  const { points } = await load(`${base}/metrics?${query}`);
  const finite = points.filter((point) => typeof point.value === "number");
  const last = finite.at(-1)?.value;
  const caption = element("figcaption", {}, path, element("b", {}, last?.toPrecision(5) ?? "–"));
  if (finite.length === 0) return element("figure", {}, caption);
  const steps = finite.map((point) => point.step);
  const bounds = finite.flatMap(({ minY, maxY }) => [minY, maxY].filter(Number.isFinite));
  const [x0, x1, y0, y1] = [steps[0], steps.at(-1), Math.min(...bounds), Math.max(...bounds)];
  const x = (step) => (x1 > x0 ? (step - x0) / (x1 - x0) * 100 : 50).toFixed(3);
  const y = (value) => (y1 > y0 ? 100 - (value - y0) / (y1 - y0) * 100 : 50).toFixed(3);
  const spot = (name) => (point) => `${x(point.step)},${y(point[name])}`;
  const band = [...finite.map(spot("maxY")), ...finite.map(spot("minY")).reverse()];
  const svg = vector("svg", { viewBox: "0 -2 100 104", preserveAspectRatio: "none" });
  svg.append(vector("polygon", { points: band.join(" ") }));
  svg.append(vector("polyline", { points: finite.map(spot("value")).join(" ") }));
  const range = `${y0.toPrecision(4)} … ${y1.toPrecision(4)}, steps ${x0} … ${x1}`;
  return element("figure", {}, caption, svg, element("div", { class: "faint" }, range));
}

function place() {
  const [kind, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { kind, name: rest.join("/") };
}

function showCrumbs({ kind, name }) {
  const project = kind === "run" ? name.slice(0, name.lastIndexOf("/")) : name;
  const links = [element("a", { href: `#/project/${encodePath(project)}` }, project)];
  if (kind === "run") links.push(element("span", {}, ` / ${name.slice(project.length + 1)}`));
  crumbs.replaceChildren(...(name === "" ? [] : links));
}

let shown = 0;

async function view({ kind, name }) {
  if (kind === "project") return await projectView(name);
  return kind === "run" ? await runView(name) : await projectsView();
}

async function show() {
  const turn = ++shown;
  let nodes, where = { kind: "", name: "" };
  try {
    where = place();
    nodes = await view(where);
  } catch (error) {
    nodes = [element("p", { class: "failed" }, error.message)];
  }
  if (turn !== shown) return; // the user has gone elsewhere meanwhile
  showCrumbs(where);
  main.replaceChildren(...nodes);
  for (const lines of main.querySelectorAll("pre")) lines.scrollTop = lines.scrollHeight;
}

addEventListener("hashchange", show);
setInterval(() => document.visibilityState === "visible" && show(), REFRESH_MS);
show();
