// Prints the mutation scores of a Stryker report by folder and judges them:
//   node proof/mutation-scores.mjs <report.json> <explained.md>
// Survivors in Money and Ledger must stand in the table of the second file as: | file | `code` → `mutation` | how many | reason |
import { readFileSync } from "node:fs";

const leastCore = 95;
const exact = ["Money/", "Ledger/"];
const [reportPath, explainedPath] = process.argv.slice(2);

const core = "src/Spendra.Core/";
const mutants = Object.entries(JSON.parse(readFileSync(reportPath, "utf8")).files).flatMap(([path, file]) => {
  const name = path.slice(path.indexOf(core) + core.length);
  const lines = file.source.split("\n");
  return file.mutants.map((m) => ({ ...m, name, code: textOf(lines, m.location), replacement: onOneLine(m.replacement ?? "") }));
});

// How many mutants each row has left to explain.
const explained = new Map();
for (const line of readFileSync(explainedPath, "utf8").split("\n")) {
  const row = line.match(/^\| (\S+) \| `(.+)` → `(.+)` \| (\d+) \| \S.* \|$/);
  if (row) explained.set(row.slice(1, 4).join("\n"), Number(row[4]));
}

function textOf(lines, { start, end }) {
  const last = lines[end.line - 1].slice(0, end.column - 1);
  if (start.line === end.line) return onOneLine(last.slice(start.column - 1));
  return onOneLine([lines[start.line - 1].slice(start.column - 1), ...lines.slice(start.line, end.line - 1), last].join("\n"));
}

function onOneLine(text) {
  return text.replace(/\s+/g, " ").trim();
}

const isKilled = (m) => m.status === "Killed" || m.status === "Timeout";
const isAlive = (m) => m.status === "Survived" || m.status === "NoCoverage";

// Asked once for each survivor: one more than its row says is not explained.
function takeExplanation(m) {
  const key = [m.name, m.code, m.replacement].join("\n");
  const left = explained.get(key) ?? 0;
  explained.set(key, left - 1);
  return left > 0;
}

function score(label, folder) {
  const own = mutants.filter((m) => m.name.startsWith(folder));
  const [killed, alive] = [own.filter(isKilled).length, own.filter(isAlive).length];
  if (killed + alive === 0) return undefined;
  const percent = (100 * killed) / (killed + alive);
  const count = (status) => own.filter((m) => m.status === status).length;
  console.log(`${label.padEnd(16)} ${percent.toFixed(2).padStart(6)} %  (${killed} killed, ${count("Timeout")} of them by time; `
    + `${alive} alive; ${count("CompileError")} do not compile)`);
  return percent;
}

const total = score("Core", "");
for (const folder of new Set(mutants.map((m) => m.name.split("/")[0] + "/").sort())) score("  " + folder, folder);
score("  verification", "Ledger/Verification/");

const survivors = mutants.filter(isAlive).map((m) => ({ ...m, isExplained: takeExplanation(m) }));
for (const m of [...survivors, ...mutants.filter((m) => m.status === "Timeout")]) {
  const fate = m.status === "Timeout" ? "time" : m.isExplained ? "explained" : "alive";
  console.log(`${fate}: ${m.name}:${m.location.start.line} \`${m.code}\` → \`${m.replacement}\``);
}
const unexplained = survivors.filter((m) => exact.some((folder) => m.name.startsWith(folder)) && !m.isExplained);
if (total === undefined || total < leastCore || unexplained.length > 0) {
  console.error(`mutation: the goals are not met (Core at least ${leastCore} %, every survivor in ${exact.join(" and ")} explained)`);
  process.exit(1);
}
