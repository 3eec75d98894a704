-- What the examples of the manual take for granted.
local globals = require("rho.host").globals
local rho = require "rho"

globals.rho = rho
globals.clean = rho.data.generate { kind = "clean", seed = 1, documents = 40 }
globals.web = rho.data.generate { kind = "noisy", seed = 2, documents = 40 }
globals.corpus, globals.held = rho.data.generate({ documents = 80 }):split { held_out = 0.3 }
globals.tok = rho.tokenizer.bytes()
globals.model = rho.model.llama { tokenizer = tok, dim = 16, layers = 1, heads = 2, context = 32, seed = 1 }
globals.reference = model:start(2)
globals.loader = rho.loader { data = web, tokenizer = tok, batch = 2, context = 32 }
globals.batch = loader:batch(1)
globals.policy = rho.select.high_loss { keep = 0.5 }
globals.losses = model:loss(batch)
globals.optimiser = rho.optim.adamw { model = model }

-- Verbs that write need a run in progress.
local run = rho.run.open { experiment = "examples", params = {}, dir = os.getenv("RHO_TEST_DIR") .. "/run" }
require("rho.context").start(run, {})
globals.arm = run:arm("example")
local function train(name, select) return rho.train { name = name, model = model, data = web, tokens = 256, batch = 2, context = 32, select = select, eval = held } end
globals.clm, globals.slm = train("clm"), train("slm", policy)
