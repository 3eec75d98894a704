--- rho.analysis: what selection did, over whole tensors. The measurements of Rho-1 (arXiv:2404.07965), figures 3, 7, 8.

local rho = require "rho.native"

local M = {}

local CATEGORIES = { "H->H", "L->H", "H->L", "L->L" }

--- One row per checkpoint: [checkpoints, tokens].
local function stack(tensors)
  local rows = {}
  for i, tensor in ipairs(tensors) do rows[i] = tensor:reshape({ 1, -1 }) end
  return rho.tensor.concat(rows, 1)
end

--- Token categories from the losses of the same tokens at n + 1 checkpoints (eq. 6).
--
-- The line l_i = a x_i + b with x_i = i, i = 0 ... n, is fitted to each token; its change over the run is a n. A fall of more
-- than `threshold` is H->L, a rise of more than it L->H; the rest is L->L where the last loss is at most the mean last
-- loss, and H->H elsewhere.
function M.dynamics(o)
  local losses = stack(o.losses)
  local count, tokens = losses:size(1), losses:size(2)
  if count < 2 then rho.fail("value", "rho.analysis.dynamics: at least two checkpoints are needed, got " .. count) end
  local x, squares = {}, 0
  for i = 1, count do
    x[i] = i - (count + 1) / 2
    squares = squares + x[i] * x[i]
  end
  local change = rho.tensor.from({ x }):matmul(losses):reshape({ -1 }) * ((count - 1) / squares)
  local last = losses:slice(count, count):reshape({ -1 })
  local mean = last:mean():item()
  local falls, rises = change:lt(-o.threshold), change:gt(o.threshold)
  local rest = 1 - falls - rises
  local low = last:le(mean)
  local masks = { ["H->H"] = rest * (1 - low), ["L->H"] = rises, ["H->L"] = falls, ["L->L"] = rest * low }
  local result = { shares = {}, curves = {}, masks = masks, change = change, mean_last = mean }
  for _, name in ipairs(CATEGORIES) do
    local members = masks[name]:sum():item()
    result.shares[name] = members / tokens
    local sums = losses:matmul(masks[name]:reshape({ -1, 1 })):reshape({ -1 }):totable()
    for i, sum in ipairs(sums) do sums[i] = sum / members end
    result.curves[name] = sums
  end
  return result
end

--- |A and B| / |A or B| of two sets of tokens given as 0/1 tensors; NaN where both are empty.
function M.jaccard(a, b)
  return (a * b):sum():item() / rho.tensor.maximum(a, b):sum():item()
end

--- Jaccard overlap of every pair of sets.
function M.overlap(sets)
  local matrix = {}
  for i, a in ipairs(sets) do
    matrix[i] = {}
    for j, b in ipairs(sets) do matrix[i][j] = M.jaccard(a, b) end
  end
  return matrix
end

--- Perplexity of the tokens that checkpoint i selected, under checkpoint j (figure 8): matrix[i][j].
function M.perplexity_matrix(o)
  local masks, losses = stack(o.sets), stack(o.losses)
  local sums = masks:matmul(losses:transpose()):totable()
  local counts = masks:sum(2):totable()
  for i, row in ipairs(sums) do
    for j, sum in ipairs(row) do row[j] = math.exp(sum / counts[i]) end
  end
  return sums
end

--- Share of tokens kept in each group of keys, most frequent groups first: { { key, count, rate, name }, ... }.
function M.selection_rate(o)
  local rows = {}
  for _, group in ipairs(rho.analysis.group(o.kept, o.by)) do
    if group.count >= o.min_count then
      local name = o.tokenizer and rho.json.encode(o.tokenizer:token(group.key)) or o.names and o.names[group.key + 1]
      rows[#rows + 1] = { key = group.key, count = group.count, rate = group.mean, name = name }
    end
  end
  table.sort(rows, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.key < b.key
  end)
  for i = #rows, (o.limit or #rows) + 1, -1 do rows[i] = nil end
  return rows
end

--- Sum of squared errors of Acc(L) = log(a L + c); infinite where the logarithm does not exist.
local function misfit(o, a, c)
  local sum = 0
  for i, loss in ipairs(o.loss) do
    local inside = a * loss + c
    if inside <= 0 then return math.huge end
    sum = sum + (o.accuracy[i] - math.log(inside)) ^ 2
  end
  return sum
end

--- Fits Acc(L) = log(a L + c) (eq. 7) by least squares, by Gauss-Newton steps from the fit of e^Acc, which is linear.
function M.fit_accuracy(o)
  local n = #o.loss
  if n ~= #o.accuracy or n < 3 then
    rho.fail("value", ("rho.analysis.fit_accuracy: at least three pairs are needed, got %d losses and %d accuracies"):format(n, #o.accuracy))
  end
  local sx, sy, sxx, sxy = 0, 0, 0, 0
  for i, x in ipairs(o.loss) do
    local y = math.exp(o.accuracy[i])
    sx, sy, sxx, sxy = sx + x, sy + y, sxx + x * x, sxy + x * y
  end
  local spread = n * sxx - sx * sx
  if spread <= 0 then rho.fail("value", "rho.analysis.fit_accuracy: all losses are equal") end
  local a = (n * sxy - sx * sy) / spread
  local c = (sy - a * sx) / n
  local error = misfit(o, a, c)
  for _ = 1, 100 do
    local saa, sac, scc, ga, gc = 0, 0, 0, 0, 0
    for i, x in ipairs(o.loss) do
      local inside = a * x + c
      local residual, da, dc = o.accuracy[i] - math.log(inside), x / inside, 1 / inside
      saa, sac, scc, ga, gc = saa + da * da, sac + da * dc, scc + dc * dc, ga + da * residual, gc + dc * residual
    end
    local determinant = saa * scc - sac * sac
    if determinant <= 0 then break end
    local step_a, step_c, share = (scc * ga - sac * gc) / determinant, (saa * gc - sac * ga) / determinant, 1
    while share > 1e-6 and misfit(o, a + share * step_a, c + share * step_c) > error do share = share / 2 end
    local better = misfit(o, a + share * step_a, c + share * step_c)
    if not (better < error * (1 - 1e-12)) then break end
    a, c, error = a + share * step_a, c + share * step_c, better
  end
  local mean, total = 0, 0
  for _, accuracy in ipairs(o.accuracy) do mean = mean + accuracy / n end
  for _, accuracy in ipairs(o.accuracy) do total = total + (accuracy - mean) ^ 2 end
  return { a = a, c = c, r2 = total > 0 and 1 - error / total or nil, rmse = (error / n) ^ 0.5 }
end

--- Text with the tokens of each category marked in turn: a section for rho.report. `masks` from dynamics, `ids` and a
-- tokenizer give the text.
function M.category_section(o)
  local pieces, arms = {}, {}
  local ids = o.ids:totable()
  local last = math.min(#ids, o.limit)
  for i = 1, last do pieces[i] = o.tokenizer:token(math.tointeger(ids[i])) end
  for k, name in ipairs(CATEGORIES) do
    local mask, shown = o.masks[name]:totable(), {}
    for i = 1, last do shown[i] = mask[i] end
    arms[k] = { name = name, pieces = pieces, values = { kept = shown } }
  end
  return { kind = "tokens", title = o.title, arms = arms }
end

M.categories = CATEGORIES

return M
