-- Hypothesis: at the very start excess loss says little, so a stretch of full training before selection costs nothing; a
-- share that falls over the run (curriculum) ends where its last share does; rising back to full training at the end brings
-- the noise back.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "keep_schedule",
  doc = "When to select: at once, after a warm-up with full loss, with a falling share, or only until shortly before the end.",
  params = words.params(),
  run = function(p)
    local s = words.setting(p)
    local scores = s.score(s.reference())
    local schedule = rho.select.schedule
    local function excess(keep) return rho.select.excess_loss { scores = scores, keep = keep } end
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Schedule of the share", train = s.train,
      arms = {
        ["at-once"] = excess(p.keep),
        ["warm-up-0.1"] = excess(schedule { { 0, 1 }, { 0.1, p.keep } }),
        ["warm-up-0.3"] = excess(schedule { { 0, 1 }, { 0.3, p.keep } }),
        ["until-0.8"] = excess(schedule { { 0, p.keep }, { 0.8, 1 } }),
        falling = excess(schedule { { 0, 1 }, { 0.2, 0.8 }, { 0.4, p.keep }, { 0.7, p.keep * 0.7 } }),
      },
    }
  end,
}
