--- The public surface: `local rho = require "rho"`. Native modules, with the verbs that are written in Lua.

local rho = require "rho.native"

local compare = require "rho.compare"
local config = require "rho.config"
local context = require "rho.context"
local corpus = require "rho.corpus"
local experiment = require "rho.experiment"
local loss = require "rho.loss"
local score = require "rho.score"
local stage = require "rho.stage"
local tables = require "rho.table"
require "rho.sweep"
local train = require "rho.train"
require "rho.classes"

rho.experiment = rho.declare({
  name = "rho.experiment",
  doc = "Declares an experiment: the value an experiment file returns. Parameters are typed by their defaults and can be changed with --set name=value.",
  example = [[return rho.experiment { name = "hello", params = { seed = 1 }, run = function(p) return p.seed end }]],
  options = {
    { "name", "string", required = true, doc = "names the run directories" },
    { "doc", "string", doc = "one sentence for --help" },
    { "params", "table", doc = "name = default, or name = { default, doc = ..., unit = ... }" },
    { "sweep", "rho.Sweep", doc = "cells to run instead of one run; --no-sweep runs the experiment once with its own parameters" },
    { "baseline", "string", doc = "what tables of a sweep take differences from: an arm (clm), or a cell (keep=1)" },
    { "run", "function", required = true, doc = "run(p): does the work and returns what is to be printed, such as rho.compare's result" },
  },
  returns = { { "rho.Experiment", "the experiment" } },
}, experiment.new)

rho.config = rho.declare({
  name = "rho.config",
  doc = "Plain data that knows its keys: cfg:with { lr = 1e-4, model = { layers = 6 } } is a deep copy with some values changed, groups merged and lists replaced. Reading or setting a key that is not there is an error that names the nearest, as is a changed value of another type. A configuration may be an experiment's params.",
  example = [[local base = rho.config { lr = 3e-4, model = { dim = 64, layers = 4 } }; return base:with { model = { layers = 6 } }.model.dim]],
  parameters = { { "values", "table", required = true, doc = "numbers, strings, booleans, lists, and tables of them" } },
  returns = { { "rho.Config", "the values, with the method with(changes)" } },
}, config.new)

rho.run.path = rho.declare({
  name = "rho.run.path",
  doc = "A path below the directory of the run in progress, for what an experiment writes itself.",
  parameters = { { "name", "string", required = true, doc = "such as table.csv" } },
  returns = { { "string", "the path" } },
}, context.path)

rho.text = {}

rho.text.table = rho.declare({
  name = "rho.text.table",
  doc = "A table as plain text: columns aligned, numbers to the right.",
  example = [[return rho.text.table({ "arm", "loss" }, { { "clm", "3.1" }, { "slm", "2.9" } })]],
  parameters = {
    { "header", "list<string>", required = true, doc = "names of the columns" },
    { "rows", "list<list<string>>", required = true, doc = "the cells" },
  },
  returns = { { "string", "lines" } },
}, tables.text)

rho.text.markdown = rho.declare({
  name = "rho.text.markdown",
  doc = "A table in Markdown.",
  parameters = {
    { "header", "list<string>", required = true, doc = "names of the columns" },
    { "rows", "list<list<string>>", required = true, doc = "the cells" },
  },
  returns = { { "string", "lines" } },
}, tables.markdown)

rho.text.count = rho.declare({
  name = "rho.text.count",
  doc = "A count in short: 950, 12.3k, 4.56M, 7.8G.",
  example = [[return rho.text.count(12345)]],
  parameters = { { "value", "number", required = true, doc = "the count" } },
  returns = { { "string", "the text" } },
}, tables.count)

rho.data.generate = rho.declare({
  name = "rho.data.generate",
  doc = "The embedded corpus: arithmetic word problems with worked solutions, clean or as the web carries them (timestamps, user names, adverts, markup, boilerplate, chatter, typing errors, wrong totals), each character labelled useful, noise or wrong. Document i depends on (seed, kind, i) alone.",
  example = [[local web = rho.data.generate { kind = "noisy", seed = 1, documents = 100 }]],
  options = {
    { "kind", one_of = { "clean", "noisy" }, default = "clean", doc = "clean text or its noisy twin" },
    { "seed", "integer", default = 1, doc = "seed of the text" },
    { "documents", "integer", min = 1, default = 10000, doc = "number of problems" },
    { "largest", "integer", min = 3, default = 20, doc = "largest number in a problem's statement" },
    { "noise", "number", min = 0, max = 0.95, default = 0.35, doc = "chance of another piece of noise at each gap" },
    { "wrong", "number", min = 0, max = 1, default = 0.2, doc = "share of problems with a wrong total" },
    { "typos", "number", min = 0, max = 1, default = 0.02, doc = "chance of a typing error per word" },
    { "kinds", "list<string>", default = {}, doc = "kinds of problems (default: all, see rho.data.problem_kinds)" },
  },
  returns = { { "Corpus", "the documents" } },
}, corpus.generate)

rho.data.problems = rho.declare({
  name = "rho.data.problems",
  doc = "Problems of the embedded corpus to answer: prompts that stop before the result, and the results.",
  options = {
    { "seed", "integer", default = 1, doc = "seed of the problems" },
    { "count", "integer", min = 1, default = 200, doc = "number of problems" },
    { "largest", "integer", min = 3, default = 20, doc = "largest number in a problem's statement" },
    { "kinds", "list<string>", default = {}, doc = "kinds of problems (default: all, see rho.data.problem_kinds)" },
  },
  returns = { { "table", "{ prompts = {...}, answers = {...} }, as rho.train's answers option takes it" } },
}, corpus.problems)

rho.data.problem_kinds = rho.declare({
  name = "rho.data.problem_kinds",
  doc = "The kinds of problems of the embedded corpus, for the kinds option of rho.data.generate and rho.data.problems.",
  returns = { { "list<string>", "names" } },
  example = [[return rho.data.problem_kinds()[1] ]],
}, corpus.problem_kinds)

rho.data.corrupt = rho.declare({
  name = "rho.data.corrupt",
  doc = "A corpus with web noise put between its sentences and typing errors into its words; the original text is labelled useful, the rest noise.",
  options = {
    { "data", "Corpus", required = true, doc = "the corpus to corrupt" },
    { "seed", "integer", default = 1, doc = "seed of the noise" },
    { "noise", "number", min = 0, max = 0.95, default = 0.35, doc = "chance of another piece of noise after each sentence" },
    { "typos", "number", min = 0, max = 1, default = 0.02, doc = "chance of a typing error per word" },
  },
  returns = { { "Corpus", "the noisy documents" } },
}, corpus.corrupt)

rho.loss = {}

rho.loss.z = rho.declare({
  name = "rho.loss.z",
  doc = "The z-loss of each token, (log of the sum of e^logit)^2: it keeps logits from drifting (PaLM, arXiv:2204.02311, with a factor of 1e-4). Holds no logits.",
  parameters = { { "pass", "Forward", required = true, doc = "model:forward(batch), or t.pass of an objective" } },
  returns = { { "Tensor", "[rows, context]" } },
  example = [[local objective = function(t) return ((t.loss + 1e-4 * rho.loss.z(t.pass)) * t.weights):sum() end]],
}, loss.z)

rho.loss.kl = rho.declare({
  name = "rho.loss.kl",
  doc = "Kullback-Leibler divergence of each token between a model's prediction p and another's q, without gradient for q: KL(p || q) = sum p log(p / q), or with of = \"other\" KL(q || p), which distils q into p. Logits exist one row at a time.",
  parameters = {
    { "pass", "Forward", required = true, doc = "model:forward(batch), or t.pass of an objective" },
    { "other", "Model", required = true, doc = "the reference or teacher, of the same tokenizer" },
    { "batch", "Batch", required = true, doc = "the batch of the pass" },
  },
  options = { { "of", one_of = { "model", "other" }, default = "model", doc = "whose probabilities weigh the logarithms" } },
  returns = { { "Tensor", "[rows, context], nats; 0 where there is nothing to predict" } },
  example = [[local objective = function(t) return (t.loss * t.weights + 0.1 * rho.loss.kl(t.pass, model, t.batch)):sum() end]],
}, loss.kl)

rho.train = rho.declare({
  name = "rho.train",
  doc = "Trains a copy of a model on a corpus and returns the run. The loop is stdlib-lua/rho/train.lua: losses, weights of the selection policy, backward, AdamW. The same seed gives the same initial weights and the same batches whatever the policy. A training that was done before with the same options, data and code is found again instead of being done.",
  options = {
    { "model", "Model", required = true, doc = "architecture to initialise from the seed, or trained weights to continue from" },
    { "data", "Corpus", required = true, doc = "text to train on" },
    { "tokens", "number", min = 1, unit = "tokens", doc = "tokens to see; rounded up to whole steps" },
    { "flops", "number", min = 1, unit = "operations", doc = "operations to spend, instead of tokens: whole steps at 6 N per token (Model:flops_per_token), after what the policy's reference and scoring took; for arms of equal cost" },
    { "name", "string", doc = "names the run's folder (default: the policy's name)" },
    { "seed", "integer", min = 0, default = 1, doc = "initial weights, batch order and random selection" },
    { "select", "Policy", doc = "which tokens carry loss (default: all)" },
    { "objective", "function", doc = "objective(t): what is lowered instead of the weighted losses; t has loss and weights, [rows, context], pass (see Forward: log-sum-exp, logits, entropies), model, batch, step and progress. It returns the sum over the tokens, (t.loss * t.weights):sum() by default; the trainer divides by what the policy says" },
    { "tokenizer", "Tokenizer", doc = "default: the model's" },
    { "batch", "integer", min = 1, default = 32, unit = "rows", doc = "rows per step" },
    { "accumulate", "integer", min = 1, default = 1, doc = "pieces a step's batch is cut into to save memory; the gradient stays that of the whole batch" },
    { "context", "integer", min = 2, unit = "tokens", doc = "tokens in a row (default: the model's context)" },
    { "mask_documents", "boolean", default = false, doc = "tokens see only their own document, in training and evaluation" },
    { "lr", "number", min = 0, default = 1e-3, doc = "peak learning rate of the default schedule (cosine to a tenth, 5 % warm-up)" },
    { "schedule", "Schedule", doc = "learning rate by step, instead of lr" },
    { "betas", "list<number>", default = { 0.9, 0.95 }, doc = "AdamW's moment decays" },
    { "eps", "number", min = 0, default = 1e-8, doc = "AdamW's epsilon" },
    { "weight_decay", "number", min = 0, default = 0.1, doc = "decoupled decay, on matrices only" },
    { "clip", "number", min = 0, open_min = true, default = 1.0, doc = "largest gradient norm" },
    { "eval", "Corpus|table", doc = "held-out corpus, or { name = corpus, ... }" },
    { "eval_every", "integer", min = 1, unit = "steps", doc = "default: twenty times a run" },
    { "eval_tokens", "number", min = 1, unit = "tokens", doc = "look at this many tokens of each held-out corpus (default: all)" },
    { "answers", "table", doc = "{ prompts = {...}, answers = {...} }: exact match of greedy answers, measured at the end" },
    { "log_every", "integer", min = 1, unit = "steps", doc = "default: two hundred lines a run" },
    { "watch", "function", doc = "watch(model, point): called at every evaluation with the model in training; what it returns, plain data, is kept in the run's watched list" },
    { "state", "table", doc = "plain data that the policy's functions change: saved with checkpoints and put back when a training goes on" },
    { "checkpoint_every", "integer", min = 1, unit = "steps", doc = "save so often, besides by the clock, at the end and when interrupted" },
    { "checkpoint_seconds", "number", min = 0, default = 120, unit = "seconds", doc = "save so often; at most a fiftieth of the time goes into saving" },
  },
  returns = { { "rho.Run", "fields: model, history, final, watched, tokens, selected, compute, precision, recall" } },
}, train.train)

rho.score = rho.declare({
  name = "rho.score",
  doc = "The reference model's loss of every token of a corpus, computed once into a mapped half-precision file that is checked against tokenizer, reference and corpus wherever it is used.",
  options = {
    { "reference", "rho.Run|Model", required = true, doc = "the reference: a run of rho.train, or a model" },
    { "data", "Corpus", required = true, doc = "text to score" },
    { "tokenizer", "Tokenizer", doc = "default: the reference's" },
    { "context", "integer", min = 2, unit = "tokens", doc = "tokens in a row (default: the reference's context)" },
    { "entropy", "boolean", default = false, doc = "keep the entropy of the reference's predictions too" },
    { "mask_documents", "boolean", default = false, doc = "tokens see only their own document; training must do the same" },
    { "file", "string", doc = "scores that were made elsewhere (Scores:path() of another run), used in place of making them; refused where they are not of this reference, tokenizer, text and context" },
    { "reference_flops", "number", min = 0, unit = "operations", doc = "what training the reference took, for comparisons to count (default: what is known, which is nothing of a model that was loaded)" },
  },
  returns = { { "Scores", "for the scores option of policies" } },
}, score)

rho.stage = rho.declare({
  name = "rho.stage",
  doc = "A step of one's own that is remembered like the built-in verbs: run(inputs, dir) is called once for the same inputs, files and code (comments do not count), and what it returned and wrote is found again. Nested verbs are remembered on their own.",
  example = [[local counts = rho.stage { name = "count", inputs = { n = 3 }, run = function(inputs) return { twice = 2 * inputs.n } end }; return counts.twice]],
  options = {
    { "name", "string", required = true, doc = "what rhoscript why calls it" },
    { "inputs", "table", default = {}, doc = "what run gets and what the result depends on: plain data, corpora, models, runs" },
    { "files", "list<string>", default = {}, doc = "files whose content the result depends on" },
    { "seed", "integer", default = 0, doc = "math.random starts from it, whatever was drawn before" },
    { "version", "string", default = "", doc = "stands for what neither inputs nor code show, such as a program that is called" },
    { "run", "function", required = true, doc = "run(inputs, dir): does the work; returns plain data and may write files below dir" },
  },
  returns = { { "any", "what run returned" }, { "string", "directory of the files it wrote; read only" } },
}, stage)

rho.compare = rho.declare({
  name = "rho.compare",
  doc = "Sets runs side by side: held-out loss, bits per byte, exact match, tokens to reach the baseline's final loss, precision and recall of selection where the text is labelled, and all compute including reference and scoring. Writes loss curves (SVG, PNG) and an HTML report into the run directory.",
  example = [[return rho.compare { clm = clm, slm = slm, baseline = "clm" }]],
  open = "the runs, by name",
  options = {
    { "baseline", "string", default = "clm", doc = "name of the arm the others are measured against" },
    { "reference", "rho.Run|Model", doc = "reference model, for the token pictures" },
    { "texts", "list<string>", default = {}, doc = "texts to colour token by token in the report" },
    { "keep", "number", min = 0, max = 1, default = 0.6, doc = "share kept in the token pictures" },
    { "title", "string", doc = "title of plot and report" },
  },
  returns = { { "rho.Comparison", "prints as a table" } },
}, compare.compare)

require "rho.method"

return rho
