--- Small-sample statistics: means, sample deviations, Student's t.

local M = {}

--- Arithmetic mean; NaN for an empty list.
function M.mean(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return sum / #values
end

--- Sample standard deviation, divided by n - 1; NaN for fewer than two values.
function M.std(values)
  if #values < 2 then return 0 / 0 end
  local mean, sum = M.mean(values), 0
  for _, value in ipairs(values) do sum = sum + (value - mean) ^ 2 end
  return (sum / (#values - 1)) ^ 0.5
end

-- Lanczos' approximation of ln gamma with g = 7 (relative error about 1e-15 for x > 0).
local LANCZOS = {
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
}

local function log_gamma(x)
  if x < 0.5 then return math.log(math.pi / math.sin(math.pi * x)) - log_gamma(1 - x) end
  x = x - 1
  local sum = LANCZOS[1]
  for i = 1, 8 do sum = sum + LANCZOS[i + 1] / (x + i) end
  local t = x + 7.5
  return 0.5 * math.log(2 * math.pi) + (x + 0.5) * math.log(t) - t + math.log(sum)
end

--- The continued fraction of the incomplete beta function, by Lentz's method.
local function beta_fraction(x, a, b)
  local tiny = 1e-300
  local function away(value) return math.abs(value) < tiny and tiny or value end
  local c, d = 1, 1 / away(1 - (a + b) * x / (a + 1))
  local result = d
  for m = 1, 300 do
    local even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    result = result * c * d
    local odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    result = result * c * d
    if math.abs(c * d - 1) < 1e-15 then break end
  end
  return result
end

--- The regularised incomplete beta function I_x(a, b).
local function incomplete_beta(x, a, b)
  if x <= 0 then return 0 end
  if x >= 1 then return 1 end
  local front = math.exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * math.log(x) + b * math.log(1 - x))
  if x < (a + 1) / (a + b + 2) then return front * beta_fraction(x, a, b) / a end
  return 1 - front * beta_fraction(1 - x, b, a) / b
end

--- P(T <= t) of Student's t with `df` degrees of freedom.
function M.t_cdf(t, df)
  local tail = 0.5 * incomplete_beta(df / (df + t * t), df / 2, 0.5)
  return t > 0 and 1 - tail or tail
end

--- The t with P(T <= t) = p, by bisection.
function M.t_quantile(p, df)
  if p == 0.5 then return 0.0 end
  if p < 0.5 then return -M.t_quantile(1 - p, df) end
  local low, high = 0, 1
  while M.t_cdf(high, df) < p and high < 1e300 do high = high * 2 end
  for _ = 1, 200 do
    local middle = (low + high) / 2
    if middle == low or middle == high then break end
    if M.t_cdf(middle, df) < p then low = middle else high = middle end
  end
  return (low + high) / 2
end

--- Mean of `values`, their sample deviation, and Student's interval for the mean: { mean, std, low, high, n, p }.
-- p is the two-sided probability of a mean at least as far from 0 if the true mean were 0. Without two values there is
-- no interval, and with no spread there is no p.
function M.interval(values, confidence)
  local n = #values
  local result = { mean = M.mean(values), n = n }
  if n < 2 then return result end
  result.std = M.std(values)
  local error = result.std / n ^ 0.5
  local reach = M.t_quantile(0.5 + (confidence or 0.95) / 2, n - 1) * error
  result.low, result.high = result.mean - reach, result.mean + reach
  if error > 0 then result.p = 2 * (1 - M.t_cdf(math.abs(result.mean) / error, n - 1)) end
  return result
end

return M
