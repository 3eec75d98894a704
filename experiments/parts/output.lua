--- What an experiment prints and leaves in its run directory beside what the verbs write: tables, plots, a report.
local rho = require "rho"

local M = {}

--- Path below the run directory.
M.path = rho.run.path

--- "0.512 ± 0.003" of several values; the deviation only where there are several.
function M.figure(values, format)
  format = format or "%.4f"
  local figure = rho.analysis.interval(values)
  return format:format(figure.mean) .. (figure.std and (" ± " .. format:format(figure.std)) or "")
end

--- The result of an experiment from `sections`, in the form of rho.report, and `rows`, plain data for --json.
-- Tables are printed; the report holds everything.
function M.result(o)
  local text, plots = {}, {}
  for _, section in ipairs(o.sections) do
    if section.kind == "table" then
      text[#text + 1] = section.title .. "\n" .. rho.text.table(section.header, section.rows)
      for _, note in ipairs(section.notes or {}) do text[#text] = text[#text] .. note .. "\n" end
      section.notes = section.notes or {}
    elseif section.kind == "plot" then
      plots[#plots + 1] = section.path
    end
  end
  local sections = { table.unpack(o.sections) }
  sections[#sections + 1] = { kind = "parameters", title = "Parameters" }
  local report = rho.report { path = M.path "report.html", title = o.title, sections = sections }
  return setmetatable({ rows = o.rows, report = report, plots = plots }, {
    __tostring = function() return table.concat(text, "\n") .. "\nreport: " .. report end,
  })
end

--- The tables and the plot of rho.ablation's result as sections of a report.
function M.ablation(result, title)
  local sections = {
    { kind = "table", title = title or "Arms", header = result.header, rows = result.cells, notes = result.notes },
    { kind = "table", title = "Budgets", header = result.budget_header, rows = result.budget_cells },
  }
  for _, path in ipairs(result.plots) do
    if path:find("%.svg$") then sections[#sections + 1] = { kind = "plot", title = "Held-out loss, mean over seeds", path = path } end
  end
  return sections
end

--- Final values of another tag than the ablation's, from its runs { ["arm-seedN"] = run }: mean, and the difference from
-- the first arm within seeds.
function M.paired(o)
  local result = { header = { "arm", "value", "versus " .. o.arms[1] }, cells = {}, rows = {} }
  for i, arm in ipairs(o.arms) do
    local values, differences = {}, {}
    for seed = 1, o.seeds do
      values[seed] = o.runs[("%s-seed%d"):format(arm, seed)].final[o.tag]
      differences[seed] = values[seed] - o.runs[("%s-seed%d"):format(o.arms[1], seed)].final[o.tag]
    end
    result.rows[i] = { arm = arm, values = values, versus_first = rho.analysis.interval(differences) }
    result.cells[i] = { arm, M.figure(values), i == 1 and "-" or M.figure(differences, "%+.4f") }
  end
  return result
end

--- A plot below the run directory as a section of the report. `o` as for rho.plot, with name instead of path.
function M.plot(o)
  local name = o.name
  o.name, o.path = nil, M.path(name)
  rho.plot(o)
  return { kind = "plot", title = o.title, path = o.path .. ".svg" }
end

return M
