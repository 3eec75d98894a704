local rho = require "rho"
local ablation = require "rho.ablation"

--- A finished run whose loss falls along `losses` at equal steps of 100 tokens.
local function run(losses, options)
  local o = options or {}
  local history = {}
  for i, loss in ipairs(losses) do
    history[i] = { step = i - 1, tokens = 100 * (i - 1), ["eval/clean/loss"] = loss, ["eval/exact_match"] = o.exact and i == #losses and o.exact or nil }
  end
  local tokens = 100 * (#losses - 1)
  return {
    history = history, final = history[#history], tokens = tokens, selected = tokens * (o.kept or 1),
    compute = { training = 10 * tokens, reference = o.reference or 0, scoring = o.scoring or 0 },
  }
end

-- Full training ends at 2 and 2.2; random at 2.2 and 2.3; slm is at 2 and at 2.2 after half of the tokens.
local RUNS = {
  full = { run({ 4, 3, 2.5, 2.2, 2 }, { exact = 0.1 }), run({ 4, 3, 2.6, 2.4, 2.2 }, { exact = 0.2 }) },
  ["random-0.5"] = { run({ 4, 3, 2.6, 2.4, 2.2 }, { kept = 0.5, exact = 0.1 }), run({ 4, 3, 2.7, 2.5, 2.3 }, { kept = 0.5, exact = 0.1 }) },
  slm = {
    run({ 4, 2.5, 2, 1.5, 1.4 }, { kept = 0.5, reference = 600, scoring = 400, exact = 0.4 }),
    run({ 4, 2.6, 2.2, 1.8, 1.7 }, { kept = 0.5, reference = 600, scoring = 400, exact = 0.6 }),
  },
}

local function compute(seeds)
  local asked = {}
  local result = rho.ablation {
    seeds = seeds or { 11, 12 }, keep = 0.5, arms = { slm = rho.select.high_loss { keep = 0.5 } },
    train = function(policy, seed, name)
      asked[#asked + 1] = name
      local arm = name:match("^(.-)%-seed")
      return RUNS[arm][seed - 10]
    end,
  }
  return result, asked
end

describe("rho.ablation", function()
  it("always trains the controls, each seed for every arm in turn", function()
    local result, asked = compute()
    expect.equal(asked, { "full-seed11", "random-0.5-seed11", "slm-seed11", "full-seed12", "random-0.5-seed12", "slm-seed12" })
    expect.equal({ result.rows[1].arm, result.rows[2].arm, result.rows[3].arm }, { "full", "random-0.5", "slm" })
  end)

  it("gives every arm a random control of the share it kept", function()
    local asked = {}
    local result = rho.ablation {
      seeds = { 11, 12 }, arms = { slm = rho.select.high_loss { keep = 0.5 }, soft = rho.select.dft {} },
      train = function(_, seed, name)
        asked[#asked + 1] = name
        return RUNS[name:match("^(.-)%-seed")] and RUNS[name:match("^(.-)%-seed")][seed - 10] or RUNS.full[seed - 10]
      end,
    }
    expect.equal(asked, { "full-seed11", "slm-seed11", "soft-seed11", "random-0.5-seed11", "full-seed12", "random-0.5-seed12", "slm-seed12", "soft-seed12" })
    expect.equal(result.rows[3].control, "random-0.5")
    expect.equal(result.rows[4].control, nil)
  end)

  it("takes differences within seeds", function()
    local row = compute().rows[3]
    expect.near(row.loss.mean, 1.55)
    expect.near(row.loss.std, 0.3 / 2 ^ 0.5, 1e-9)
    expect.near(row.versus_full.mean, -0.55)
    -- Differences -0.6 and -0.5: standard error 0.05, t(0.975, 1) = 12.706.
    expect.near(row.versus_full.high, -0.55 + 12.7062047362 * 0.05, 1e-6)
    expect.near(row.versus_random.mean, -0.7)
    expect.equal(row.control, "random-0.5")
    expect.near(row.exact_versus_full.mean, 0.35)
    expect.equal(compute().rows[1].versus_full, nil)
  end)

  it("counts budgets to full training's final loss", function()
    local row = compute().rows[3]
    expect.equal(row.tokens_to_full.values, { 200.0, 200.0 })
    expect.near(row.token_speedup.mean, 2)
    -- 1000 before the first token, 2000 for 200 of them; full training cost 4000.
    expect.near(row.flop_speedup.mean, 4 / 3, 1e-9)
    expect.equal(compute().rows[2].tokens_to_full, nil)
  end)

  it("compares at equal budgets", function()
    local rows = compute().rows
    expect.near(rows[3].at_equal_seen.mean, 1.55)
    -- Equal selected: 200 tokens of full training (2.5, 2.6), all 400 of the others.
    expect.near(rows[1].at_equal_selected.mean, 2.55)
    expect.near(rows[3].at_equal_selected.mean, 1.55)
    -- Equal compute: 4000 operations, of which slm has 3000 for its 300 tokens (1.5, 1.8).
    expect.near(rows[3].at_equal_compute.mean, 1.65)
    expect.near(rows[1].at_equal_compute.mean, 2.1)
  end)

  it("prints and becomes JSON", function()
    local result = compute()
    expect.truthy(tostring(result):find("1.5500 ± 0.2121", 1, true))
    expect.truthy(tostring(result):find("Fewer than three seeds", 1, true))
    expect.truthy(rho.json.encode(result.rows):find('"token_speedup"', 1, true))
    expect.truthy(tostring(compute { 11 }):find("one seed; differences are taken within it", 1, true))
  end)

  it("refuses what cannot be compared", function()
    local function with(o)
      o.train = o.train or function() return {} end
      return rho.ablation(o)
    end
    expect.error("arms is empty", with, { arms = {} })
    expect.error("is always there", with, { arms = { full = rho.select.all {} } })
    expect.error("must return the run of rho.train", with, { arms = { x = rho.select.all {} } })
    expect.error("unknown option 'seed'", with, { arms = { x = rho.select.all {} }, seed = 3 })
  end)

  it("counts every score that a policy reads, once", function()
    local cost = require "rho.cost"
    local function scores_of(reference, scoring)
      return { reference_flops = function() return reference end, flops = function() return scoring end }
    end
    local a, b = scores_of(5, 1), scores_of(7, 2)
    local function policy(scores, further)
      return { scores = function() return scores end, extra_scores = function() return further end }
    end
    expect.equal(cost.of_policy(policy(a, { b, a })), { reference = 12, scoring = 3 })
    expect.equal(cost.of_policy(policy(nil, {})), { reference = 0, scoring = 0 })
  end)

  it("reads curves between evaluations", function()
    local history = { { tokens = 0, l = 4 }, { tokens = 10, l = 2 }, { tokens = 20, l = 3 } }
    local function tokens(point) return point.tokens end
    expect.equal(ablation.value_at(history, "l", tokens, 5), 3.0)
    expect.equal(ablation.value_at(history, "l", tokens, 25), nil)
    expect.equal(ablation.first_reach(history, "l", tokens, 3), 5.0)
    expect.equal(ablation.first_reach(history, "l", tokens, 1), nil)
  end)
end)
