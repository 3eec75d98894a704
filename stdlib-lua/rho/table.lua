--- Plain-text tables: columns aligned, numbers to the right.

local M = {}

local function numeric(text)
  return text == "-" or text:match("^[+-]?[%d.]+[%a%%]*$") ~= nil
end

--- Length in characters, so that a name with an accent does not shift its row.
local function width(text)
  return utf8.len(text) or #text
end

local function pad(text, to, right)
  local space = (" "):rep(to - width(text))
  return right and space .. text or text .. space
end

--- `header` is a list of strings, `rows` a list of lists of strings. Returns the text, lines ending in "\n".
function M.text(header, rows)
  local widths, right = {}, {}
  for column, title in ipairs(header) do
    widths[column], right[column] = width(title), #rows > 0
    for _, row in ipairs(rows) do
      widths[column] = math.max(widths[column], width(row[column]))
      right[column] = right[column] and numeric(row[column])
    end
  end
  local function line(row)
    local cells = {}
    for column, cell in ipairs(row) do cells[column] = pad(cell, widths[column], right[column]) end
    return (table.concat(cells, "  "):gsub("%s+$", "")) .. "\n"
  end
  local rule = {}
  for column in ipairs(header) do rule[column] = ("-"):rep(widths[column]) end
  local out = { line(header), line(rule) }
  for _, row in ipairs(rows) do out[#out + 1] = line(row) end
  return table.concat(out)
end

--- The same table in Markdown.
function M.markdown(header, rows)
  local function line(row) return "| " .. table.concat(row, " | ") .. " |\n" end
  local rule = {}
  for column in ipairs(header) do rule[column] = "---" end
  local out = { line(header), line(rule) }
  for _, row in ipairs(rows) do out[#out + 1] = line(row) end
  return table.concat(out)
end

--- A count in short: 950, 12.3k, 4.56M, 7.8G.
function M.count(value)
  for _, step in ipairs { { 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } } do
    if value >= step[1] then return ("%.3g%s"):format(value / step[1], step[2]) end
  end
  return ("%.3g"):format(value)
end

return M
