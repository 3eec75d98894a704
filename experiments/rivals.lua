-- Hypothesis: on labelled noise, rules that know a clean reference (excess loss) beat rules that only look at the model
-- itself; those that keep hard tokens (high loss, entropy) keep the noise and fall behind a random share.
local rho = require "rho"
local words = require "parts.words"

return rho.experiment {
  name = "rivals",
  doc = "Published selection and weighting rules side by side, with the controls.",
  params = words.params(),
  run = function(p)
    local s, c = words.setting(p), rho.select
    local scores = s.score(s.reference(), true)
    local base = s.score(s.reference { name = "base", data = s.web }, true)
    return rho.ablation {
      seeds = p.seeds, keep = p.keep, title = "Rivals", train = s.train,
      arms = {
        ["excess-loss"] = c.excess_loss { scores = scores, keep = p.keep },
        ["sampled-excess"] = c.sampled_excess { scores = scores, keep = p.keep },
        ["rho-loss"] = c.rho_loss { scores = scores, keep = p.keep },
        ["token-cleaning"] = c.token_cleaning { scores = scores, base = base, keep = p.keep },
        ["self-reference"] = c.self_reference_intersection { scores = base, keep = 0.7 },
        ["middle-loss"] = c.middle_loss { scores = base },
        stm = c.stm { scores = base, perplexity = 20 },
        eslm = c.eslm { alpha = 1 - p.keep },
        ["clipped-excess"] = c.clipped_excess { scores = scores },
        ["lin-upper"] = c.lin_upper {},
        ["high-entropy"] = c.high_entropy { keep = p.keep },
        ["conf-po"] = c.conf_po {},
        profit = c.profit { threshold = 0.1 },
        dft = c.dft {}, focal = c.focal {}, eaft = c.eaft {}, mile = c.mile {}, ["trim-sft"] = c.trim_sft {},
        ["long-ce"] = c.long_ce { short = p.context // 4 },
      },
    }
  end,
}
