--- Declares rho.analysis, rho.ablation, rho.eval.suite, and the policies of the literature.

local rho = require "rho.native"

local ablation = require "rho.ablation"
local analysis = require "rho.analysis"
local statistics = require "rho.statistics"
local tasks = require "rho.tasks"
require "rho.policies"

local TENSORS = "list<Tensor>"

rho.analysis.categories = analysis.categories

rho.analysis.dynamics = rho.declare({
  name = "rho.analysis.dynamics",
  doc = "Token categories from the losses of the same tokens at several checkpoints (Rho-1, eq. 6 and figure 3): a line is fitted to each token's losses; H->L fell, L->H rose by more than the threshold, L->L stayed low and H->H stayed high.",
  options = {
    { "losses", TENSORS, required = true, doc = "one tensor for each checkpoint, of the same tokens" },
    { "threshold", "number", min = 0, default = 0.2, unit = "nats", doc = "change over the run that counts as one" },
  },
  returns = { { "table", "{ shares = {[\"H->L\"] = ...}, curves = { mean loss at each checkpoint }, masks = { 0/1 tensors }, change =, mean_last = }" } },
}, analysis.dynamics)

rho.analysis.jaccard = rho.declare({
  name = "rho.analysis.jaccard",
  doc = "Overlap |A and B| / |A or B| of two sets of tokens; NaN where both are empty.",
  parameters = {
    { "a", "Tensor", required = true, doc = "0 or 1 for each token" },
    { "b", "Tensor", required = true, doc = "the same tokens" },
  },
  returns = { { "number", "0 to 1" } },
  example = [[return rho.analysis.jaccard(rho.tensor.from { 1, 1, 0 }, rho.tensor.from { 1, 0, 1 })]],
}, analysis.jaccard)

rho.analysis.overlap = rho.declare({
  name = "rho.analysis.overlap",
  doc = "Jaccard overlap of every pair of selected sets, such as those of successive checkpoints.",
  parameters = { { "sets", TENSORS, required = true, doc = "0/1 tensors of the same tokens" } },
  returns = { { "table", "matrix[i][j]" } },
}, analysis.overlap)

rho.analysis.perplexity_matrix = rho.declare({
  name = "rho.analysis.perplexity_matrix",
  doc = "Perplexity of the tokens selected at checkpoint i under checkpoint j (Rho-1, figure 8).",
  options = {
    { "sets", TENSORS, required = true, doc = "0/1 tensors: what each checkpoint selects" },
    { "losses", TENSORS, required = true, doc = "losses of the same tokens under each checkpoint" },
  },
  returns = { { "table", "matrix[i][j]" } },
}, analysis.perplexity_matrix)

rho.analysis.selection_rate = rho.declare({
  name = "rho.analysis.selection_rate",
  doc = "Share of tokens kept by token id, position, source or label; the most frequent groups first.",
  options = {
    { "kept", "Tensor", required = true, doc = "0/1, or any weight" },
    { "by", "Tensor", required = true, doc = "the group of each token, whole numbers" },
    { "tokenizer", "Tokenizer", doc = "names groups that are token ids" },
    { "names", "list<string>", doc = "names of groups 0, 1, ..." },
    { "min_count", "integer", min = 1, default = 1, doc = "leave out rarer groups" },
    { "limit", "integer", min = 1, doc = "so many groups at most" },
  },
  returns = { { "list<table>", "{ { key =, count =, rate =, name = }, ... }" } },
}, analysis.selection_rate)

rho.analysis.fit_accuracy = rho.declare({
  name = "rho.analysis.fit_accuracy",
  doc = "Fits Acc(L) = log(a L + c) to losses and accuracies of checkpoints (Rho-1, eq. 7). The signs are what the data give.",
  options = {
    { "loss", "list<number>", required = true, unit = "nats", doc = "loss of each checkpoint" },
    { "accuracy", "list<number>", required = true, doc = "its accuracy" },
  },
  returns = { { "table", "{ a =, c =, r2 =, rmse = }" } },
}, analysis.fit_accuracy)

rho.analysis.category_section = rho.declare({
  name = "rho.analysis.category_section",
  doc = "A section for rho.report that colours text by token category.",
  options = {
    { "masks", "table", required = true, doc = "masks of rho.analysis.dynamics" },
    { "ids", "Tensor", required = true, doc = "token ids, from rho.analysis.observe" },
    { "tokenizer", "Tokenizer", required = true, doc = "the tokenizer" },
    { "limit", "integer", min = 1, default = 400, unit = "tokens", doc = "how much text" },
    { "title", "string", default = "Token categories", doc = "title" },
  },
  returns = { { "table", "the section" } },
}, analysis.category_section)

rho.analysis.interval = rho.declare({
  name = "rho.analysis.interval",
  doc = "Mean, sample deviation and Student's t interval of a few values, such as differences within seeds.",
  parameters = {
    { "values", "list<number>", required = true, doc = "the values" },
    { "confidence", "number", min = 0, max = 1, default = 0.95, doc = "of the interval" },
  },
  returns = { { "table", "{ mean =, std =, low =, high =, n =, p = }" } },
  example = [[return rho.analysis.interval({ 1, 2, 3, 4 }).high]],
}, statistics.interval)

rho.analysis.t_quantile = rho.declare({
  name = "rho.analysis.t_quantile",
  doc = "The t below which Student's distribution has probability p.",
  parameters = {
    { "p", "number", min = 0, max = 1, required = true, doc = "probability" },
    { "df", "number", min = 0, open_min = true, required = true, doc = "degrees of freedom" },
  },
  returns = { { "number", "t" } },
  example = [[return rho.analysis.t_quantile(0.975, 4)]],
}, statistics.t_quantile)

rho.eval.suite = rho.declare({
  name = "rho.eval.suite",
  doc = "Benchmarks side by side, each with the accuracy papers report for it, its standard error, version and prompt hash, and their unweighted mean. Tasks: " .. table.concat(tasks.names, ", ") .. ".",
  options = {
    { "model", "Model", required = true, doc = "the model" },
    { "data", "string", required = true, doc = "folder with eval/ and lambada/" },
    { "tasks", "list<string>", default = {}, doc = "names (default: all)" },
    { "limit", "integer", min = 1, unit = "items", doc = "items of each task" },
    { "shots", "integer", min = 0, default = 0, doc = "solved examples before each item, drawn from the task itself; the item is never its own example" },
    { "seed", "integer", min = 0, default = 1, doc = "draws the examples" },
    { "name", "string", default = "eval", doc = "names the file in the run directory that keeps rows, versions and prompt hashes: eval.json" },
  },
  returns = { { "rho.Suite", "prints as a table; rows, mean, stderr, path" } },
}, tasks.suite)

rho.eval.compare = rho.declare({
  name = "rho.eval.compare",
  doc = "Suites side by side, with differences from the baseline and their standard errors (of independent samples, which overstates those of one set of items). Suites whose versions, prompts or numbers of items differ are refused.",
  open = "the suites by name, or the paths of their eval.json",
  options = { { "baseline", "string", required = true, doc = "name of the suite the others are measured against" } },
  returns = { { "rho.SuiteComparison", "prints as a table; rows" } },
}, tasks.compare)

rho.ablation = rho.declare({
  name = "rho.ablation",
  doc = "Policies against full training and a random share, over paired seeds: mean and sample deviation, differences within seeds with t intervals, tokens and FLOPs to full training's final loss, and losses at equal seen tokens, selected tokens and total compute. The controls cannot be left out.",
  example = [[rho.ablation { seeds = 1, arms = { hard = policy }, train = function(select, seed, name) return rho.train { name = name, seed = seed, select = select, model = model, data = web, eval = held, tokens = 256, batch = 2 } end }]],
  options = {
    { "arms", "table", required = true, doc = "name = policy, or function(seed, name) that returns a policy or a finished run" },
    { "train", "function", required = true, doc = "train(policy, seed, name) returns the run of rho.train; the seed must decide weights and order" },
    { "seeds", "integer|list<integer>", default = 3, doc = "how many, or which" },
    { "keep", "number|list<number>", doc = "share of the random control, or of several (default: what each arm kept with the first seed)" },
    { "metric", "string", doc = "tag that is compared (default: the first held-out loss)" },
    { "confidence", "number", min = 0, max = 1, default = 0.95, doc = "of the intervals" },
    { "title", "string", doc = "title of plot and report" },
  },
  returns = { { "rho.Ablation", "prints as two tables; rows, plots, report" } },
}, ablation.ablation)

return {}
