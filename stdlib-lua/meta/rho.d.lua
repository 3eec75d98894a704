---@meta rho

---@class (exact) AdamwOptions
---@field model Model whose parameters to update
---@field betas? number[] decay of the first and second moment (default {0.9, 0.95})
---@field eps? number added to the root of the second moment (default 1e-08)
---@field weight_decay? number decoupled decay, on matrices only (default 0.1)

---@class (exact) AllOptions
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) AnswersOptions
---@field path? string[] files or directories; relative ones are looked for here, then beside the script
---@field prompt? string what the model reads, with {field} for fields of the row (default "{question}\n")
---@field answer? string what it should say (default "{answer}")
---@field limit? number stop after so many
---@field [integer] string in place of named fields

---@class (exact) CheckpointOptions
---@field step number steps done
---@field model Model weights to keep
---@field optimiser? Optimiser its moments and counters
---@field policy? Policy its state, where it has one
---@field state? table<any, any> plain data that restore gives back, numbers bit for bit
---@field identity? any plain data that tells this training from others; restore refuses another one's checkpoint
---@field keep? number checkpoints to keep (default 2)

---@class (exact) ChoiceOptions
---@field model Model the model, with its tokenizer
---@field items any[]|string path of a file of JSON rows, several paths, or rows { question =, answer =, choices = } (answer: text, or index of a choice from 0)
---@field style? "text"|"letters"|"blank" text: each choice continues the prompt; letters: choices are listed and a letter does; blank: each choice fills the _ of the question (default "text")
---@field shots? number solved examples before each prompt (default 0)
---@field examples? any[]|string where examples are drawn from, in the form of items
---@field seed? number draws the examples; the same for every item (default 1)
---@field template? string the prompt, with {question} and {choices} (default: Question: ... Answer:)
---@field separator? string between examples (default "\n\n")
---@field limit? number take so many from the start (default: all)
---@field batch_tokens? number tokens of a forward pass (default 4096)
---@field details? boolean return every item too (default false)

---@class (exact) ClaimRunOptions
---@field dir string the run directory
---@field identity RunIdentity what is to run there
---@field force? boolean empties the directory of another run (default false)

---@class (exact) CommitOptions
---@field value? any plain data to keep with the files
---@field label? string what a person calls it (default "")
---@field seconds? number what making it took (default: since the draft was begun)

---@class (exact) ConstantOptions
---@field peak number highest learning rate
---@field warmup? number steps of the linear rise (default 0)

---@class (exact) CosineOptions
---@field peak number highest learning rate
---@field warmup? number steps of the linear rise (default 0)
---@field steps number steps of the whole run
---@field final? number last learning rate as a share of the peak (default 0)

---@class (exact) DocumentsOptions
---@field from? any[]|function a function of the index (1, 2, ...), or a list of documents
---@field count? number how many indices the function is asked for
---@field version? string stands for the function's meaning where its code does not say it all, as when it reads files: another version, other documents
---@field source? string where the documents are said to come from
---@field name? string name in reports
---@field [integer] any[]|function in place of named fields

---@class (exact) DryEvaluationOptions
---@field data Corpus the text
---@field limit_tokens? number of it, at most

---@class (exact) DryScoringOptions
---@field reference Model the reference model
---@field data Corpus text to score
---@field tokenizer? Tokenizer default: the reference's
---@field context? number default: the reference's
---@field entropy? boolean keep entropies too (default false)
---@field mask_documents? boolean tokens see only their own document (default false)
---@field file? string scores that were made elsewhere
---@field reference_flops? number what training the reference took (default 0)

---@class (exact) DryTrainingOptions
---@field name string name of the arm
---@field model Model what is trained
---@field data Corpus text to train on
---@field tokenizer? Tokenizer the model's, or another
---@field policy Policy which tokens carry loss
---@field steps number optimiser steps
---@field batch number rows of a step
---@field accumulate? number pieces of a step's batch (default 1)
---@field context number tokens in a row
---@field evaluations? DryEvaluationOptions[] held-out texts (default {})
---@field looks? number how often those are looked at (default 0)

---@class (exact) EncodeOptions
---@field specials? boolean special tokens in the text get their own ids: for prompts that a script composed, never for data (default false)

---@class (exact) EvalLossOptions
---@field model Model the model
---@field data Corpus|Tokens text it was not trained on
---@field tokenizer? Tokenizer default: the model's
---@field context? number tokens of a row (default: the model's context)
---@field batch? number rows of a forward pass (default 16)
---@field limit_tokens? number about so many, spread evenly (default: all)
---@field mask_documents? boolean tokens see only their own document (default false)

---@class (exact) ExactMatchOptions
---@field model Model the model
---@field prompts string[] what it reads
---@field answers string[] what it should say
---@field max_tokens? number longest continuation (default 64)
---@field stop? string[]|string texts that end a continuation (default "\n")
---@field extract? function extract(continuation) -> answer (default: white space trimmed)

---@class (exact) ExcessLossOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field threshold? number keep tokens whose excess is at least this, nats, instead of a share
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) GenerateOptions
---@field prompts? string[]|string one text or several
---@field max_tokens? number at most so many new tokens (default 64)
---@field temperature? number 0 takes the most probable token (default 0)
---@field top_k? number draw from the k most probable tokens only
---@field top_p? number draw from the most probable tokens that make up this share (default 1)
---@field repetition_penalty? number divides positive and multiplies negative logits of tokens that are there already (arXiv:1909.05858) (default 1)
---@field stop? string[]|string texts that end a continuation; they are not part of it
---@field seed? number of the draws (default 0)
---@field on_text? function on_text(piece, prompt) sees each continuation as it grows; returning false ends that one
---@field [integer] string[]|string in place of named fields

---@class (exact) Gpt2Options
---@field tokenizer Tokenizer whose ids the model reads
---@field dim? number width (default 256)
---@field layers? number transformer blocks (default 6)
---@field heads? number attention heads (default 8)
---@field context? number longest row (default 256)
---@field tied? boolean the output head is the embedding table (default true)
---@field dropout? number share of activations dropped in training (default 0)
---@field norm_eps? number added to the variance in norms (default 1e-05)
---@field seed? number weights from this seed at once; without it the model is an architecture
---@field ff? number inner width of the feed-forward block (default: 8/3 of dim, GPT-2: 4 of dim)

---@class (exact) GradeOptions
---@field solution string what the model wrote
---@field answer string the reference answer
---@field percent? boolean accept 100 times and a hundredth of a number, as published graders do (default true)

---@class (exact) GradedAnswersOptions
---@field model Model the model, with its tokenizer
---@field items any[]|string path of a file of JSON rows, several paths, or rows { question =, answer =, choices = } (answer: text, or index of a choice from 0)
---@field shots? number solved examples before each prompt (default 0)
---@field examples? any[]|string where examples are drawn from, in the form of items
---@field seed? number draws the examples; the same for every item (default 1)
---@field template? string the prompt, with {question} and {choices} (default: Question: ... Answer:)
---@field separator? string between examples (default "\n\n")
---@field max_tokens? number longest continuation (default 256)
---@field stop? string[]|string texts that end a continuation (default "\n\n")
---@field percent? boolean accept 100 times and a hundredth of a number, as published graders do (default true)
---@field limit? number take so many from the start (default: all)
---@field details? boolean return every item too (default false)

---@class (exact) GuardOptions
---@field factor? number a loss above so many times the median is bad (default 5)
---@field window? number good losses the median is taken over (default 50)
---@field patience? number bad losses in a row that end the run (default 3)

---@class (exact) HighEntropyOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) HighLossOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field threshold? number keep tokens whose loss is at least this, nats, instead of a share
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) JsonEncodeOptions
---@field pretty? boolean one member a line (default false)
---@field sorted? boolean object keys in the order of their bytes (default true)

---@class (exact) JsonlOptions
---@field path? string[] files or directories; relative ones are looked for here, then beside the script
---@field text? string the document, with {field} for fields of the row (default "{text}")
---@field prompt? string goes before the text and is read but carries no loss: "{question}\n", for fine-tuning
---@field filter? function|table<string, any> rows to keep: a function of the row, or a condition for each field: { field = value }, { field = { a, b } } for one of several values, { field = { at_least =, at_most =, contains =, differs =, exists = true } }. A row without the field is an error, unless exists says that such rows are to be dropped. Conditions are faster than a function
---@field on_bad_row? "error"|"skip" what a broken row does; skipped rows are counted (default "error")
---@field limit? number stop after so many
---@field fields? string[] fields that documents keep, for corpus:map (default {})
---@field name? string name in reports
---@field [integer] string in place of named fields

---@class (exact) KeepArmOptions
---@field step number the last step
---@field label? string what a person calls it (default "")
---@field seconds? number what the training took

---@class (exact) KeepScheduleOptions
---@field points? number[][] { {at, keep}, ... }, rising, the first at 0
---@field by? "progress"|"steps"|"tokens" what the points are counted in: share of the run, steps or tokens (default "progress")
---@field interpolation? "step"|"linear" hold each value, or draw straight lines (default "step")
---@field [integer] number[] in place of named fields

---@class (exact) LastWordOptions
---@field model Model the model, with its tokenizer
---@field items any[]|string path of a file of JSON rows, several paths, or rows { question =, answer =, choices = } (answer: text, or index of a choice from 0)
---@field limit? number take so many from the start (default: all)
---@field batch_tokens? number tokens of a forward pass (default 4096)

---@class (exact) LinearOptions
---@field peak number highest learning rate
---@field warmup? number steps of the linear rise (default 0)
---@field steps number steps of the whole run
---@field final? number last learning rate as a share of the peak (default 0)

---@class (exact) LlamaOptions
---@field tokenizer Tokenizer whose ids the model reads
---@field dim? number width (default 256)
---@field layers? number transformer blocks (default 6)
---@field heads? number attention heads (default 8)
---@field context? number longest row (default 256)
---@field tied? boolean the output head is the embedding table (default true)
---@field dropout? number share of activations dropped in training (default 0)
---@field norm_eps? number added to the variance in norms (default 1e-05)
---@field seed? number weights from this seed at once; without it the model is an architecture
---@field ff? number inner width of the feed-forward block (default: 8/3 of dim, GPT-2: 4 of dim)
---@field kv_heads? number key and value heads (default: as many as heads)
---@field rope_theta? number base of the rotary frequencies (default 10000)
---@field window? number a token sees only so many before it (default: all)

---@class (exact) LoaderOptions
---@field data Corpus|Tokens text, or stored tokens
---@field tokenizer? Tokenizer needed with a corpus
---@field batch? number rows of a batch (default 32)
---@field context? number tokens of a row (default 256)
---@field seed? number order of the rows (default 0)
---@field order? "shuffled"|"sequential" shuffled: without end, every row once an epoch; sequential: every row once, in order (default "shuffled")
---@field mask_documents? boolean tokens see only their own document (default false)

---@class (exact) LookOptions
---@field limit? number how many (default 10)

---@class (exact) LoraOptions
---@field rank? number inner width of the adapters (default 8)
---@field alpha? number the change is scaled by alpha / rank (default: twice the rank)
---@field targets? ("q_proj"|"k_proj"|"v_proj"|"o_proj"|"gate_proj"|"up_proj"|"down_proj")[] which matrices of each layer are adapted (default {"q_proj", "v_proj"})
---@field seed? number of the adapters' first factors; the second start at zero (default 0)

---@class (exact) LowEntropyOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) LowLossOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) MapOptions
---@field name? string name in reports
---@field version? string stands for the function's meaning where its code does not say it all, as when it reads files: another version, other documents

---@class (exact) MemoryOptions
---@field batch? number rows of a forward and backward pass (default 32)
---@field context? number tokens of a row (default: the model's context)
---@field copies? number further models of this size that are held meanwhile, weights only (default 0)
---@field require? boolean an error, with the numbers, where it does not fit (default false)

---@class (exact) MixOptions
---@field parts? any[][] { {corpus, weight}, ... }
---@field name? string name in reports
---@field [integer] any[] in place of named fields

---@class (exact) NormalOptions
---@field shape number[] sizes, outermost first
---@field stream RandomStream where the numbers come from; it moves on
---@field mean? number mean (default 0)
---@field std? number standard deviation (default 1)

---@class (exact) ObserveOptions
---@field model Model the model
---@field data Corpus|Tokens text to look at
---@field tokenizer? Tokenizer default: the model's
---@field context? number tokens of a row (default: the model's context)
---@field batch? number rows of a forward pass (default 16)
---@field limit_tokens? number about so many, spread evenly (default: all)
---@field mask_documents? boolean tokens see only their own document (default false)
---@field entropy? boolean the entropy of each prediction too (default false)

---@class (exact) OpenRunOptions
---@field experiment string name of the experiment
---@field params table<any, any> every parameter, resolved
---@field origins? table<any, any> where each parameter's value came from
---@field meanings? table<string, string> what each parameter stands for
---@field seed? number seed of the run (default 0)
---@field slug? string short text in the directory's name (default "")
---@field dir? string the run directory itself (default: runs/<experiment>/<time>-<slug>-<fingerprint>)

---@class (exact) PlotOptions
---@field path string where to, without a suffix
---@field title? string title (default "")
---@field x? string label of the x axis, with its unit (default "")
---@field y? string label of the y axis, with its unit (default "")
---@field series PlotSeries[] the lines
---@field logx? boolean logarithmic x axis (default false)
---@field logy? boolean logarithmic y axis (default false)

---@class (exact) PlotSeries
---@field name string in the legend
---@field x number[] positions
---@field y number[] values
---@field dash? boolean dashed line (default false)
---@field spread? number[] half width of a band around the line, such as a standard deviation (default {})

---@class (exact) PolicyOptions
---@field score? Column|number what tokens are ranked by; higher is better
---@field rule? Rule which scores are kept (default: all)
---@field weights? function|Column weight of each token: a function of t (t.loss, t.reference_loss, ... are [rows, context] tensors) that returns a tensor, or a column
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score
---@field columns? table<string, any> further columns: name = scores of another reference, or name = function(batch, model, memory) that returns a [rows, context] tensor; memory is a table that is saved with checkpoints, for plain data and models
---@field history? number share of the old mean that the column history keeps at each visit (default 0.9)
---@field name? string name in reports (default "policy")

---@class (exact) PrepareOptions
---@field data Corpus text to tokenise
---@field tokenizer Tokenizer tokenizer

---@class (exact) ProgressOptions
---@field label string what is running
---@field steps? number steps of the whole run; 0 if unknown (default 0)
---@field first? number steps done before (default 0)

---@class (exact) ProgressUpdateOptions
---@field step number steps done
---@field loss? number nats per token
---@field kept? number share of tokens kept
---@field tokens? number tokens of this step (default 0)

---@class (exact) RandomOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) RandomStreamOptions
---@field seed? number seed of the run or of the text (default 0)
---@field name string what the numbers are for
---@field step? number index of the document or step (default 0)

---@class (exact) ReferenceEntropyOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) ReferenceLossOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) ReportOptions
---@field path string the HTML file
---@field title string title
---@field subtitle? string line under the title (default "")
---@field sections table<any, any>[] tables with kind = text, parameters, manifest, table, plot or tokens, and title

---@class (exact) RestoreOptions
---@field model Model receives the weights
---@field optimiser? Optimiser receives moments and counters
---@field policy? Policy receives its state
---@field identity? any as given to checkpoint
---@field mark? boolean write a line into the metrics that says where the training went on (default true)

---@class (exact) RuleStagesOptions
---@field stages? any[][] { {start, rule}, ... }, rising, the first at 0
---@field by? "progress"|"steps"|"tokens" what the points are counted in: share of the run, steps or tokens (default "progress")
---@field [integer] any[] in place of named fields

---@class (exact) RunIdentityOptions
---@field experiment string name of the experiment
---@field params table<any, any> every parameter, resolved
---@field run function the experiment's function
---@field file? string the experiment file (default "")

---@class (exact) SampledExcessOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) SaveModelOptions
---@field type? "f32"|"bf16"|"f16"|"q8_0" number format (default: f32, of GGUF: f16)
---@field shard_bytes? number weights beyond this are split over several files (default 5000000000)

---@class (exact) ScoreOptions
---@field reference Model the frozen reference model
---@field data Corpus|Tokens text to score
---@field tokenizer? Tokenizer default: the reference's
---@field context? number tokens of a row; training must use the same (default: the reference's)
---@field entropy? boolean keep the entropy of each prediction too (default false)
---@field mask_documents? boolean tokens see only their own document (default false)
---@field batch? number rows of a forward pass (default: about 4096 tokens)
---@field file? string scores that were made elsewhere, used in place of making them: refused where they are not of this reference, tokenizer, text and context
---@field reference_flops? number what training the reference took (default 0)

---@class (exact) SelfReferenceIntersectionOptions
---@field keep? number|KeepSchedule share each side keeps; the realised share is smaller; default 0.7
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) SelfReferenceUnionOptions
---@field keep? number|KeepSchedule share of tokens kept, 0 to 1, or a schedule; default 0.6
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete: a sequence, a micro_batch, the whole batch, or the corpus (default "batch")
---@field normaliser? "selected"|"valid"|"weights" the weighted losses are divided by: the number selected (the paper), the number valid, or the sum of weights (default "selected")
---@field scores? Scores the reference model's losses, from rho.score

---@class (exact) SplitOptions
---@field held_out number share of documents held out, in (0, 1)
---@field salt? string another salt is another split (default "")

---@class (exact) StepOptions
---@field lr number learning rate
---@field clip? number largest gradient norm
---@field scale? number factor of the gradients, before the norm (default 1)

---@class (exact) StoreKeyOptions
---@field verb string public name of what computes
---@field parts table<any, any> everything that can change the result: plain data, artifacts, functions
---@field files? string[] files whose content counts (default {})
---@field notes? table<any, any> what people call the parts; does not count
---@field exact? boolean keep 1 and 1.0 apart (default false)

---@class (exact) TakeOptions
---@field documents? number at most so many
---@field bytes? number until their texts reach so many

---@class (exact) TextOptions
---@field path? string[] files or directories; relative ones are looked for here, then beside the script
---@field suffix? string[] files to take from directories (default {".txt", ".txt.gz", ".txt.zst", ".md", ".md.gz", ".md.zst"})
---@field separator? string text between documents of one file; without it a file is one document
---@field limit? number stop after so many
---@field name? string name in reports
---@field [integer] string in place of named fields

---@class (exact) TrainBpeOptions
---@field data Corpus[]|Corpus text to learn from
---@field vocab_size number size of the vocabulary, bytes and <|endoftext|> included
---@field pattern? "gpt2"|"gpt4"|"qwen2" where text is cut before merging (default "gpt4")
---@field bytes? number learn from about so much of each corpus, its beginning (default: all)
---@field specials? string[] special tokens, at the ids 0, 1, ...; <|endoftext|> separates documents (default {"<|endoftext|>"})
---@field min_frequency? number pairs that occur less often are not merged (default 1)

---@class (exact) UniformOptions
---@field shape number[] sizes, outermost first
---@field stream RandomStream where the numbers come from; it moves on
---@field low? number smallest value (default 0)
---@field high? number bound from above (default 1)

---@class (exact) WsdOptions
---@field peak number highest learning rate
---@field warmup? number steps of the linear rise (default 0)
---@field steps number steps of the whole run
---@field final? number last learning rate as a share of the peak (default 0)
---@field decay? number steps of the closing decay (default: a fifth)

---@class (exact) rho.ablation.options
---@field arms table<any, any> name = policy, or function(seed, name) that returns a policy or a finished run
---@field train function train(policy, seed, name) returns the run of rho.train; the seed must decide weights and order
---@field seeds? number[]|number how many, or which (default 3)
---@field keep? number[]|number share of the random control, or of several (default: what each arm kept with the first seed)
---@field metric? string tag that is compared (default: the first held-out loss)
---@field confidence? number of the intervals (default 0.95)
---@field title? string title of plot and report

---@class (exact) rho.analysis.category_section.options
---@field masks table<any, any> masks of rho.analysis.dynamics
---@field ids Tensor token ids, from rho.analysis.observe
---@field tokenizer Tokenizer the tokenizer
---@field limit? number how much text (default 400)
---@field title? string title (default "Token categories")

---@class (exact) rho.analysis.dynamics.options
---@field losses Tensor[] one tensor for each checkpoint, of the same tokens
---@field threshold? number change over the run that counts as one (default 0.2)

---@class (exact) rho.analysis.fit_accuracy.options
---@field loss number[] loss of each checkpoint
---@field accuracy number[] its accuracy

---@class (exact) rho.analysis.perplexity_matrix.options
---@field sets Tensor[] 0/1 tensors: what each checkpoint selects
---@field losses Tensor[] losses of the same tokens under each checkpoint

---@class (exact) rho.analysis.selection_rate.options
---@field kept Tensor 0/1, or any weight
---@field by Tensor the group of each token, whole numbers
---@field tokenizer? Tokenizer names groups that are token ids
---@field names? string[] names of groups 0, 1, ...
---@field min_count? number leave out rarer groups (default 1)
---@field limit? number so many groups at most

---@class (exact) rho.compare.options
---@field baseline? string name of the arm the others are measured against (default "clm")
---@field reference? rho.Run|Model reference model, for the token pictures
---@field texts? string[] texts to colour token by token in the report (default {})
---@field keep? number share kept in the token pictures (default 0.6)
---@field title? string title of plot and report
---@field [string] any the runs, by name

---@class (exact) rho.data.corrupt.options
---@field data Corpus the corpus to corrupt
---@field seed? number seed of the noise (default 1)
---@field noise? number chance of another piece of noise after each sentence (default 0.35)
---@field typos? number chance of a typing error per word (default 0.02)

---@class (exact) rho.data.generate.options
---@field kind? "clean"|"noisy" clean text or its noisy twin (default "clean")
---@field seed? number seed of the text (default 1)
---@field documents? number number of problems (default 10000)
---@field largest? number largest number in a problem's statement (default 20)
---@field noise? number chance of another piece of noise at each gap (default 0.35)
---@field wrong? number share of problems with a wrong total (default 0.2)
---@field typos? number chance of a typing error per word (default 0.02)
---@field kinds? string[] kinds of problems (default: all, see rho.data.problem_kinds) (default {})

---@class (exact) rho.data.problems.options
---@field seed? number seed of the problems (default 1)
---@field count? number number of problems (default 200)
---@field largest? number largest number in a problem's statement (default 20)
---@field kinds? string[] kinds of problems (default: all, see rho.data.problem_kinds) (default {})

---@class (exact) rho.eval.compare.options
---@field baseline string name of the suite the others are measured against
---@field [string] any the suites by name, or the paths of their eval.json

---@class (exact) rho.eval.suite.options
---@field model Model the model
---@field data string folder with eval/ and lambada/
---@field tasks? string[] names (default: all) (default {})
---@field limit? number items of each task
---@field shots? number solved examples before each item, drawn from the task itself; the item is never its own example (default 0)
---@field seed? number draws the examples (default 1)
---@field name? string names the file in the run directory that keeps rows, versions and prompt hashes: eval.json (default "eval")

---@class (exact) rho.experiment.options
---@field name string names the run directories
---@field doc? string one sentence for --help
---@field params? table<any, any> name = default, or name = { default, doc = ..., unit = ... }
---@field sweep? rho.Sweep cells to run instead of one run; --no-sweep runs the experiment once with its own parameters
---@field baseline? string what tables of a sweep take differences from: an arm (clm), or a cell (keep=1)
---@field run function run(p): does the work and returns what is to be printed, such as rho.compare's result

---@class (exact) rho.loss.kl.options
---@field of? "model"|"other" whose probabilities weigh the logarithms (default "model")

---@class (exact) rho.score.options
---@field reference rho.Run|Model the reference: a run of rho.train, or a model
---@field data Corpus text to score
---@field tokenizer? Tokenizer default: the reference's
---@field context? number tokens in a row (default: the reference's context)
---@field entropy? boolean keep the entropy of the reference's predictions too (default false)
---@field mask_documents? boolean tokens see only their own document; training must do the same (default false)
---@field file? string scores that were made elsewhere (Scores:path() of another run), used in place of making them; refused where they are not of this reference, tokenizer, text and context
---@field reference_flops? number what training the reference took, for comparisons to count (default: what is known, which is nothing of a model that was loaded)

---@class (exact) rho.select.ada_eslm.options
---@field alpha? number share of tokens below the threshold at the start (default 0.4)
---@field rate? number how far alpha moves (default 1)
---@field low? number smallest alpha (default 0.05)
---@field high? number largest alpha (default 0.95)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.blade.options
---@field clean Corpus text the reference is updated on
---@field every? number between synchronisations (default 100)
---@field updates? number of the reference after each (default 10)
---@field lr? number learning rate of the updates, constant (default 0.001)
---@field batch? number rows of an update (default 8)
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.clipped_excess.options
---@field scores Scores the reference's losses, from rho.score
---@field temperature? number nats that make a weight e times another (default 1)
---@field cap? number largest weight (default 5)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "weights")

---@class (exact) rho.select.conditional_gain.options
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.5)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.conf_po.options
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "sequence")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.dft.options
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.eaft.options
---@field alpha? number exponent (default 1)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.ent.options
---@field threshold number largest norm kept; at most sqrt(2) = 1.414
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.eslm.options
---@field alpha number share of tokens below the threshold
---@field of? "loss"|"entropy" what the threshold is on (default "loss")
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.focal.options
---@field gamma? number exponent (default 2)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.history_excess.options
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field momentum? number share of the old mean kept at each visit (default 0.9)
---@field of? "fallen"|"risen" the sign: published code has had it either way (default "fallen")
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.lin_upper.options
---@field delta? number half the range of normalised losses (default 1)
---@field r? number temperature: the smaller, the more rows differ (default 0.4)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "weights")

---@class (exact) rho.select.live_excess.options
---@field reference rho.Run|Model the reference; its weights are read at every step
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.long_ce.options
---@field short number longest short context
---@field cap? number largest weight (default 5)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.loss_threshold.options
---@field threshold? number smallest loss kept, nats (default 1)
---@field drop? number share dropped at random (default 0.05)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.mean_reference.options
---@field keep? number|KeepSchedule share kept (default: all for the first tenth, then 0.6)
---@field decay? number share of the old mean kept at each step (default 0.99)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.middle_loss.options
---@field scores? Scores rank by the reference's losses instead of the model's own
---@field low? number share of the lowest losses dropped (default 0.2)
---@field high? number 1 - share of the highest losses dropped (default 0.8)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.mile.options
---@field gamma? number exponent (default 1)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.mixed_references.options
---@field references any[][] { {scores, weight}, ... }
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.profit.options
---@field threshold number smallest probability kept
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.select.q_tuning.options
---@field keep? number share of tokens kept in rows of certain errors (default 0.5)
---@field lambda? number weight of the neighbours (default 0.5)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.rho_loss.options
---@field scores Scores the reference's losses, from rho.score
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.1)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.ss_token.options
---@field earlier Scores losses of the earlier checkpoint
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field gamma? number share of the fall in loss; 1 leaves attention, and the forward pass it takes, out (default 0.5)
---@field layer? number layer whose attention counts (default: the last)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "sequence")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.stm.options
---@field scores Scores the reference's losses, from rho.score
---@field perplexity number largest perplexity kept, above 1
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.t_shirt.options
---@field scores Scores the reference's losses, from rho.score
---@field unconditional Scores losses of the same model without the instruction
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.5)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "corpus")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.token_cleaning.options
---@field scores Scores the reference's losses, from rho.score
---@field base Scores losses of the model before training
---@field keep? number|KeepSchedule share kept, 0 to 1, or a schedule (default 0.6)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "corpus")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "selected")

---@class (exact) rho.select.trim_sft.options
---@field centre? number margin of the largest weight (default 0)
---@field width? number standard deviation of the band (default 2)
---@field scope? "sequence"|"micro_batch"|"batch"|"corpus" which tokens compete (default "batch")
---@field normaliser? "selected"|"valid"|"weights" what the weighted losses are divided by (default "valid")

---@class (exact) rho.stage.options
---@field name string what rhoscript why calls it
---@field inputs? table<any, any> what run gets and what the result depends on: plain data, corpora, models, runs (default {})
---@field files? string[] files whose content the result depends on (default {})
---@field seed? number math.random starts from it, whatever was drawn before (default 0)
---@field version? string stands for what neither inputs nor code show, such as a program that is called (default "")
---@field run function run(inputs, dir): does the work; returns plain data and may write files below dir

---@class (exact) rho.sweep.asha.options
---@field space rho.Sweep the cells, in the order they are tried
---@field arm string name of the training that is cut short (rho.train's name); other trainings of a run are whole
---@field metric string what is compared: a tag of the arm's metrics, such as eval/clean/loss
---@field rungs number[] where trainings pause, at the first evaluation from there on; rising
---@field eta? number one in so many is promoted (default 3)
---@field parallel? number decisions that may be under way together; more workers than that wait (default 1)
---@field goal? "min"|"max" which values of the metric are better (default "min")

---@class (exact) rho.sweep.grid.options
---@field [string] any lists of values by parameter of the experiment

---@class (exact) rho.sweep.random.options
---@field space table<any, any> a distribution or a list for each parameter
---@field count number cells
---@field seed? number seed of the draws, not of the runs (default 1)

---@class (exact) rho.sweep.zip.options
---@field [string] any lists of values by parameter of the experiment, all of one length

---@class (exact) rho.train.options
---@field model Model architecture to initialise from the seed, or trained weights to continue from
---@field data Corpus text to train on
---@field tokens? number tokens to see; rounded up to whole steps
---@field flops? number operations to spend, instead of tokens: whole steps at 6 N per token (Model:flops_per_token), after what the policy's reference and scoring took; for arms of equal cost
---@field name? string names the run's folder (default: the policy's name)
---@field seed? number initial weights, batch order and random selection (default 1)
---@field select? Policy which tokens carry loss (default: all)
---@field objective? function objective(t): what is lowered instead of the weighted losses; t has loss and weights, [rows, context], pass (see Forward: log-sum-exp, logits, entropies), model, batch, step and progress. It returns the sum over the tokens, (t.loss * t.weights):sum() by default; the trainer divides by what the policy says
---@field tokenizer? Tokenizer default: the model's
---@field batch? number rows per step (default 32)
---@field accumulate? number pieces a step's batch is cut into to save memory; the gradient stays that of the whole batch (default 1)
---@field context? number tokens in a row (default: the model's context)
---@field mask_documents? boolean tokens see only their own document, in training and evaluation (default false)
---@field lr? number peak learning rate of the default schedule (cosine to a tenth, 5 % warm-up) (default 0.001)
---@field schedule? Schedule learning rate by step, instead of lr
---@field betas? number[] AdamW's moment decays (default {0.9, 0.95})
---@field eps? number AdamW's epsilon (default 1e-08)
---@field weight_decay? number decoupled decay, on matrices only (default 0.1)
---@field clip? number largest gradient norm (default 1)
---@field eval? Corpus|table<any, any> held-out corpus, or { name = corpus, ... }
---@field eval_every? number default: twenty times a run
---@field eval_tokens? number look at this many tokens of each held-out corpus (default: all)
---@field answers? table<any, any> { prompts = {...}, answers = {...} }: exact match of greedy answers, measured at the end
---@field log_every? number default: two hundred lines a run
---@field watch? function watch(model, point): called at every evaluation with the model in training; what it returns, plain data, is kept in the run's watched list
---@field state? table<any, any> plain data that the policy's functions change: saved with checkpoints and put back when a training goes on
---@field checkpoint_every? number save so often, besides by the clock, at the end and when interrupted
---@field checkpoint_seconds? number save so often; at most a fiftieth of the time goes into saving (default 120)

---The folder of one trained model inside a run.
---@class Arm
local Arm = {}

---Path of the folder.
---@return string # the path
function Arm:dir() end

---Name of the arm.
---@return string # the name
function Arm:name() end

---Appends a line to metrics.jsonl: step, tokens, and a number for each tag. Adds speed and memory under perf/.
---@param line table<any, any> { step =, tokens =, ["train/loss"] =, ... }
function Arm:log(line) end

---Writes model, optimiser and state in one move; a crash leaves the checkpoint before.
---@param options CheckpointOptions what to keep
---@return string # path of the checkpoint
function Arm:checkpoint(options) end

---Puts the newest checkpoint back and cuts the metrics to its step; without one, empties the metrics.
---@param options RestoreOptions what to fill
---@return table<any, any> # the state that checkpoint was given, or nil
function Arm:restore(options) end

---Step of the newest checkpoint of that training, or nil.
---@param identity any as given to checkpoint
---@return integer # steps done, or nil
function Arm:at(identity) end

---Writes summary.json and adds the arm's tokens to the manifest.
---@param summary table<any, any> plain data; tokens and selected are counted
function Arm:finish(summary) end

---Name, path and checkpoints.
---@return table<any, any> # the table
function Arm:describe() end

---Writes config.json of the folder: what is trained there, and how far.
---@param config table<any, any> plain data
function Arm:config(config) end

---Puts a stored training into the folder: metrics and the last checkpoint, as if it had been done here.
---@param object StoredObject from rho.store.find
---@return integer # its last step
function Arm:take(object) end

---Keeps the finished training of the folder in the store. A store that cannot be written is a line on stderr: the training itself is safe.
---@param key StoreKey what it is kept under
---@param options KeepArmOptions what it is
function Arm:keep(key, options) end

---Gives its memory back at once.
function Arm:release() end

---Rows of tokens for one step: what the model reads and what it predicts.
---@class Batch
---@field step integer Step, counted from 1.
---@field rows integer Rows.
---@field context integer Tokens of a row.
---@field tokens integer Targets that are there to predict.
local Batch = {}

---Token ids that the model reads, [rows, context].
---@return Tensor # the tensor
function Batch:ids() end

---Token ids that it predicts, [rows, context]; -1 where there is nothing to predict.
---@return Tensor # the tensor
function Batch:targets() end

---Ground truth of the targets, [rows, context]: 0 useful, 1 noise, 2 wrong; nil if unknown.
---@return Tensor # the tensor
function Batch:labels() end

---1 where the token read is part of a prompt, else 0, [rows, context]; nil where the batch has none.
---@return Tensor # the tensor
function Batch:prompt() end

---The text of a row.
---@param row number row, from 1
---@return string # the text
function Batch:text(row) end

---The batch in n pieces of whole rows, to save memory; policies know that they belong together.
---@param n number number of pieces
---@return Batch[] # the pieces
function Batch:split(n) end

---The same tokens with short contexts: the row is cut into blocks of n positions that do not see each other.
---@param n number positions of a block
---@return Batch # the batch
function Batch:short(n) end

---The same tokens, but what follows a prompt does not see it, apart from the prompt's last token, which stands for the start: unconditional losses. Without prompts, the same batch.
---@return Batch # the batch
function Batch:without_prompt() end

---Step, sizes and where each row comes from.
---@return table<any, any> # the table
function Batch:describe() end

---Gives its memory back at once.
function Batch:release() end

---A score: an expression over token columns. Combine columns and numbers with + - * / ^ and unary minus; higher values are better candidates. Nothing is computed until a policy runs.
---@class Column
---@operator add(any): any
---@operator sub(any): any
---@operator mul(any): any
---@operator div(any): any
---@operator pow(any): any
local Column = {}

---Each value mapped: |x|.
---@return Column # 
function Column:abs() end

---Each value mapped: e^x.
---@return Column # 
function Column:exp() end

---Each value mapped: natural logarithm.
---@return Column # 
function Column:log() end

---Each value mapped: square root.
---@return Column # 
function Column:sqrt() end

---Each value mapped: x * x.
---@return Column # 
function Column:square() end

---Each value mapped: x where x > 0, else 0.
---@return Column # 
function Column:relu() end

---Each value mapped: 1 / (1 + e^-x).
---@return Column # 
function Column:sigmoid() end

---Each value mapped: hyperbolic tangent.
---@return Column # 
function Column:tanh() end

---The smaller of two values.
---@param x Column|number column or number
---@return Column # 
function Column:min(x) end

---The larger of two values.
---@param x Column|number column or number
---@return Column # 
function Column:max(x) end

---1 where this is greater than x, else 0.
---@param x Column|number column or number
---@return Column # 
function Column:gt(x) end

---1 where this is less than x, else 0.
---@param x Column|number column or number
---@return Column # 
function Column:lt(x) end

---Rank among competing tokens, 0 for the lowest to 1 for the highest.
---@return Column # 
function Column:rank() end

---(x - mean) / standard deviation among competing tokens.
---@return Column # 
function Column:zscore() end

---(x - min) / (max - min) among competing tokens.
---@return Column # 
function Column:minmax() end

---Mean over the token's row: scores whole rows.
---@return Column # 
function Column:row_mean() end

---Values limited to [low, high].
---@param low number smallest value
---@param high number largest value
---@return Column # 
function Column:clamp(low, high) end

---The expression as plain tables.
---@return any # 
function Column:describe() end

---Names of the columns it reads.
---@return string[] # 
function Column:columns() end

---Gives its memory back at once.
function Column:release() end

---Documents: text, where it came from, and ground-truth labels where they are known.
---@class Corpus
local Corpus = {}

---Two corpora by a hash of each document's text: duplicates fall on the same side, and growing a corpus moves no document.
---@param options SplitOptions share
---@return Corpus # to train on
---@return Corpus # held out
function Corpus:split(options) end

---The first documents. The document that passes the byte count is still taken, whole.
---@param options TakeOptions how much
---@return Corpus # the corpus
function Corpus:take(options) end

---The documents for which a function of { text =, source = } returns true.
---@param keep function keep(document) -> boolean
---@return Corpus # the corpus
function Corpus:filter(keep) end

---Each document as a function of { text =, source =, index = } gives it: a text, labelled spans or a table, as for rho.data.documents; nil drops it.
---@param change function change(document) -> document or nil
---@param options? MapOptions name and version
---@return Corpus # the corpus
function Corpus:map(change, options) end

---The first documents as tables, for looking at.
---@param options? LookOptions how many
---@return table<any, any>[] # { { text =, source =, spans = }, ... }
function Corpus:documents(options) end

---SHA-256 of the content, labels included. Reads the corpus once.
---@return string # hexadecimal
function Corpus:hash() end

---Documents and bytes. Reads the corpus once.
---@return integer # documents
---@return integer # bytes of text
function Corpus:count() end

---Name in reports.
---@return string # the name
function Corpus:name() end

---The corpus under a tokenizer, as rho.data.prepare gives it.
---@param tokenizer Tokenizer tokenizer
---@return Tokens # the stored tokens
function Corpus:tokens(tokenizer) end

---Name and parts; counts and hash where they are known already.
---@return table<any, any> # the table
function Corpus:describe() end

---Gives its memory back at once.
function Corpus:release() end

---One forward pass of a model over a batch: for losses of one's own. Results are computed when asked for, carry a gradient unless they say otherwise, and share the pass.
---@class Forward
local Forward = {}

---Loss of each token, [rows, context], nats; 0 where there is nothing to predict.
---@return Tensor # the result
function Forward:loss() end

---Logarithm of the sum of e^logit at each position, [rows, context], without holding logits: its square is the z-loss; 0 where there is nothing to predict.
---@return Tensor # the result
function Forward:logsumexp() end

---Entropy of each prediction, [rows, context], nats, without gradient.
---@return Tensor # the result
function Forward:entropy() end

---Logit of the target minus the largest other logit, [rows, context], without gradient.
---@return Tensor # the result
function Forward:margin() end

---1 where there is a token to predict, else 0, [rows, context].
---@return Tensor # the result
function Forward:valid() end

---Hidden states after the last norm, [rows, context, dim].
---@return Tensor # the result
function Forward:hidden() end

---Logits of one row, [context, vocabulary]; of the whole batch, [rows, context, vocabulary], where no row is named.
---@param row? number row, from 1
---@return Tensor # the result
function Forward:logits(row) end

---A number for each position from its logits: fn(logits, row) gets those of one row, [context, vocabulary], and returns [context]. Logits exist one row at a time, also for the gradient, for which fn is called once more; it must give the same result then.
---@param fn function fn(logits, row) -> tensor of [context]
---@return Tensor # [rows, context]
function Forward:map_logits(fn) end

---Gives its memory back at once.
function Forward:release() end

---While open, the first signal waits for the loop to notice.
---@class GracefulSection
local GracefulSection = {}

---Gives its memory back at once.
function GracefulSection:release() end

---Ends a run whose loss is no longer a number, or far above what it was.
---@class Guard
local Guard = {}

---Takes the loss of a step; raises an error with code diverged.
---@param step number the step
---@param loss number nats per token
---@param bad_tokens? number single losses that are not finite (stats().bad_loss)
function Guard:check(step, loss, bad_tokens) end

---What a resumed run needs to go on alike.
---@return table<any, any> # plain data
function Guard:state() end

---Takes over a state.
---@param state table<any, any> from state()
function Guard:restore(state) end

---Gives its memory back at once.
function Guard:release() end

---For the generic for: hands out the next value each time it is called, then nil.
---@class Iterator
local Iterator = {}

---Gives its memory back at once.
function Iterator:release() end

---A share of tokens that changes during a run; called with a share of the run, the value there.
---@class KeepSchedule
local KeepSchedule = {}

---Gives its memory back at once.
function KeepSchedule:release() end

---Batches of a corpus by step.
---@class Loader
local Loader = {}

---The batch of a step, counted from 1.
---@param step number the step
---@return Batch # the batch
function Loader:batch(step) end

---Iterates over the batches of steps first ... n.
---@param n number last step
---@param first? number first step
---@return Iterator # for the generic for
function Loader:steps(n, first) end

---Rows of all data, each once.
---@return integer # the number
function Loader:rows() end

---Steps after which every row was seen once.
---@return integer # the number
function Loader:steps_per_pass() end

---Positions of a batch.
---@return integer # the number
function Loader:tokens_per_batch() end

---The stored tokens.
---@return Tokens # the tokens
function Loader:data() end

---Sizes and order.
---@return table<any, any> # the table
function Loader:describe() end

---Gives its memory back at once.
function Loader:release() end

---A causal language model. rho.train never changes the model it is given; it trains a copy.
---@class Model
local Model = {}

---A new model: weights from the seed where this one has none yet, else a copy of its weights.
---@param seed number seed of the weights
---@return Model # the new model
function Model:start(seed) end

---Loss of each token of a batch, [rows, context], in nats, with its gradient history; 0 where there is nothing to predict. Give the policy too where it ranks by entropy or margin of this model: they are computed on the way.
---@param batch Batch the batch
---@param policy? Policy policy whose columns are wanted
---@return Tensor # losses
function Model:loss(batch, policy) end

---One forward pass over a batch, for losses of one's own: its loss, log-sum-exp, entropies, logits and hidden states. pass:loss() is model:loss(batch), bit for bit.
---@param batch Batch the batch
---@param policy? Policy policy whose columns are wanted
---@return Forward # the pass
function Model:forward(batch, policy) end

---Share of attention that each predicting position pays to prompt tokens, [rows, context], in [0, 1], mean over the heads of a layer, without gradient. Costs a forward pass.
---@param batch Batch a batch with prompts
---@param layer? number layer, from 1 (default: the last)
---@return Tensor # shares
function Model:attention(batch, layer) end

---A model with the same weights, sharing no memory.
---@return Model # the new model
function Model:clone() end

---Takes over all weights of another model of the same architecture.
---@param other Model the other model
function Model:copy_from(other) end

---Moves every weight towards another model's of the same architecture: w = (1 - share) w + share w'. Once a step it makes this model the exponential mean of the other.
---@param other Model the other model
---@param share number the other's share
function Model:blend(other, share) end

---The trainable tensors in a fixed order.
---@return table<any, any>[] # { { name =, shape =, count =, decays =, tensor = }, ... }
function Model:parameters() end

---Trainable numbers; a tied head counts once.
---@return integer # the count
function Model:parameter_count() end

---Floating-point operations of one token's forward and backward pass, or of the forward pass alone.
---@param context? number tokens in a row (default: the model's context)
---@param kind? "training"|"forward" with or without the backward pass
---@return number # operations
function Model:flops_per_token(context, kind) end

---Longest row.
---@return integer # tokens
function Model:context() end

---The tokenizer, or nil.
---@return Tokenizer # the tokenizer
function Model:tokenizer() end

---SHA-256 of architecture and weights.
---@return string # hexadecimal
function Model:fingerprint() end

---The architecture under Hugging Face's names.
---@return table<any, any> # the table
function Model:config() end

---Sizes, parameters, operations per token and memory for a training batch.
---@param tokens? number tokens of a training batch (default: 32 rows)
---@return table<any, any> # the table
function Model:describe(tokens) end

---Logits after each token of one row, [tokens, vocabulary].
---@param ids number[]|string token ids, or a text
---@return Tensor # logits
function Model:logits(ids) end

---A text token by token: pieces, and the loss and entropy of each. The first token has nothing before it unless the tokenizer has <|endoftext|>, which then stands for the start.
---@param text string the text
---@return table<any, any> # { pieces = {...}, loss = {...}, entropy = {...}, ids = {...} }
function Model:token_losses(text) end

---Continues texts. Several prompts run together. The draw for prompt r at position p depends on the seed, r and p only.
---@param options GenerateOptions|(string[]|string)[] prompts and how to draw
---@return string[]|string # the continuation, or one for each prompt
function Model:generate(options) end

---Writes config.json, model.safetensors and tokenizer.json, as Hugging Face tools read them; the directory appears whole or not at all. Chat template and generation settings that came with the model go with it. A path that ends in .gguf gets one file in that form, f32, f16 or q8_0.
---@param path string the directory, or a file that ends in .gguf
---@param options? SaveModelOptions number format and size of files
function Model:save(path, options) end

---What training takes: weights, gradients and AdamW's two moments, what the forward pass keeps for the backward pass, and what this machine has left.
---@param options? MemoryOptions batch, and what else is held
---@return table<any, any> # bytes: { weights =, gradients =, optimiser =, activations =, copies =, total =, available = }, and a text
function Model:memory(options) end

---A copy whose matrices are frozen and carry low-rank adapters, W + (alpha / rank) B A (arXiv:2106.09685). rho.train trains the adapters alone. It starts as the model itself: B is zero.
---@param options? LoraOptions size and places of the adapters
---@return Model # the adapted model
function Model:lora(options) end

---A model without adapters that computes the same: each W + (alpha / rank) B A as one matrix.
---@return Model # the merged model
function Model:merge() end

---Writes the adapters alone, as PEFT reads them: adapter_config.json and adapter_model.safetensors.
---@param path string the directory
---@param base? string name or path of the model they belong to
function Model:save_adapter(path, base) end

---Gives its memory back at once.
function Model:release() end

---Updates a model's parameters from their gradients.
---@class Optimiser
local Optimiser = {}

---One update; gradients are zero afterwards. A gradient norm that is not finite changes nothing and is counted as a skipped step.
---@param options StepOptions rate and clipping
---@return number # gradient norm before clipping
---@return boolean # whether the weights changed
function Optimiser:step(options) end

---Forgets the gradients collected so far.
function Optimiser:zero_grad() end

---Norm of the gradients collected so far.
---@return number # the norm
function Optimiser:grad_norm() end

---Rates and counters.
---@return table<any, any> # the table
function Optimiser:describe() end

---Gives its memory back at once.
function Optimiser:release() end

---Decides which tokens carry loss, and how much.
---@class Policy
local Policy = {}

---The same policy at the start of a training: without the losses and the memory of another one. rho.train starts the policy it is given.
---@return Policy # the policy
function Policy:start() end

---The weight of each token of a batch, [rows, context] without gradient, and what their weighted losses are divided by (0: nothing was selected).
---@param batch Batch the batch
---@param losses Tensor model:loss(batch)
---@param progress? number share of the run done, for schedules
---@return Tensor # weights
---@return number # the divisor
function Policy:weights(batch, losses, progress) end

---Selects among all pieces of a batch at once, as policies that rank across the batch must.
---@param batch Batch the whole batch
---@param losses Tensor[] losses of each piece of batch:split(n), in order
---@param progress? number share of the run done, for schedules
---@return table<any, any>[] # { { weights =, total = }, ... }, totals to be added up
function Policy:plan(batch, losses, progress) end

---The weights the policy gives to tokens whose columns are handed in, and what their weighted losses are divided by: for looking at a policy on observed losses, and for testing one on numbers worked out by hand.
---@param columns table<string, Tensor> name = tensor, [rows, context] or [tokens], all alike; `valid` (0 or 1) marks padding
---@param progress? number share of the run done, for schedules
---@param seed? number for the column random and the rule sample
---@return Tensor # weights
---@return number # the divisor
function Policy:apply(columns, progress, seed) end

---What the last step kept: counts, mean losses, and precision and recall where the text has labels.
---@return table<any, any> # { loss =, kept =, selected =, valid =, mean_kept =, mean_dropped =, precision =, recall =, labels = }
function Policy:stats() end

---Short name: excess_loss-0.6.
---@return string # the name
function Policy:name() end

---The scores it reads, or nil.
---@return Scores # the scores
function Policy:scores() end

---The scores behind its further columns, whose cost is part of the training's.
---@return Scores[] # the scores
function Policy:extra_scores() end

---Whether all pieces of a batch must be scored before the first can be selected.
---@return boolean # whether
function Policy:ranks_across_pieces() end

---The parts as plain tables.
---@return table<any, any> # the table
function Policy:describe() end

---Gives its memory back at once.
function Policy:release() end

---A progress line on stderr.
---@class Progress
local Progress = {}

---Takes note of a step, and shows it if it is time to.
---@param options ProgressUpdateOptions the step
function Progress:update(options) end

---A line of its own.
---@param text string the line
function Progress:note(text) end

---Closes the line; it stays on the screen.
function Progress:finish() end

---Gives its memory back at once.
function Progress:release() end

---A threshold that is a quantile of the competing scores.
---@class Quantile
local Quantile = {}

---Gives its memory back at once.
function Quantile:release() end

---While open, math.random has a seed of its own.
---@class RandomSection
local RandomSection = {}

---Seed and number of draws, as text for checkpoints.
---@return string # the position
function RandomSection:position() end

---Goes to a position.
---@param position string from position()
function RandomSection:restore(position) end

---Gives its memory back at once.
function RandomSection:release() end

---A random stream; each call draws the next number.
---@class RandomStream
local RandomStream = {}

---Uniform in [0, 1).
---@return number # the number
function RandomStream:uniform() end

---Normal with mean 0 and variance 1.
---@return number # the number
function RandomStream:normal() end

---Uniform among 0, 1, ... n - 1.
---@param n number how many values
---@return integer # the number
function RandomStream:below(n) end

---Uniform among the integers a ... b, both included.
---@param a number smallest
---@param b number largest
---@return integer # the number
function RandomStream:int(a, b) end

---One element of a list, each as likely.
---@param list table<any, any> the list
---@return any # the element
function RandomStream:pick(list) end

---Seed, name and step.
---@return table<any, any> # the table
function RandomStream:describe() end

---Gives its memory back at once.
function RandomStream:release() end

---Which tokens a score keeps. Combine rules with & (both), | (either), - (left without right) and ~ (not).
---@class Rule
---@operator band(any): any
---@operator bor(any): any
---@operator sub(any): any
local Rule = {}

---The rule applied to another score than the policy's.
---@param score Column|number the score to rank by
---@return Rule # 
function Rule:of(score) end

---The rule as plain tables.
---@return any # 
function Rule:describe() end

---Gives its memory back at once.
function Rule:release() end

---What one run of an experiment writes: manifest, configuration, sources, and a folder for each arm.
---@class RunDirectory
local RunDirectory = {}

---Path of the directory.
---@return string # the path
function RunDirectory:dir() end

---Whether an earlier process began this run.
---@return boolean # whether
function RunDirectory:resumed() end

---The folder of one trained model: metrics.jsonl, summary.json, checkpoints.
---@param name string letters, digits, - and _
---@return Arm # the folder
function RunDirectory:arm(name) end

---Adds operations to the manifest's account.
---@param purpose "reference_training"|"scoring"|"training"|"selection"|"evaluation" what they were for
---@param flops number floating-point operations
---@param tokens? number tokens they were spent on
function RunDirectory:compute(purpose, flops, tokens) end

---Writes summary.json and the final manifest, and gives the directory up.
---@param summary? table<any, any> plain data
---@param status? "done"|"failed"|"diverged"|"stopped" how the run ended
function RunDirectory:finish(summary, status) end

---The manifest.
---@return table<any, any> # the table
function RunDirectory:describe() end

---Gives its memory back at once.
function RunDirectory:release() end

---What a run is: experiment, parameters, code and engine.
---@class RunIdentity
local RunIdentity = {}

---SHA-256 of the identity.
---@return string # hexadecimal
function RunIdentity:digest() end

---The parts.
---@return table<any, any> # the table
function RunIdentity:describe() end

---Gives its memory back at once.
function RunIdentity:release() end

---A learning rate by step: schedule(step), steps counted from 1.
---@class Schedule
local Schedule = {}

---The parameters.
---@return table<any, any> # the table
function Schedule:describe() end

---Gives its memory back at once.
function Schedule:release() end

---A reference model's loss of every token of a corpus, in a mapped file that is checked wherever it is used.
---@class Scores
local Scores = {}

---The mapped file.
---@return string # the path
function Scores:path() end

---Floating-point operations that scoring takes.
---@return number # operations
function Scores:flops() end

---Floating-point operations that training the reference took; 0 where they are not known.
---@return number # operations
function Scores:reference_flops() end

---Fingerprint of the reference model.
---@return string # hexadecimal
function Scores:reference() end

---What is known of each token.
---@return string[] # names
function Scores:columns() end

---File, corpus, reference and row length.
---@return table<any, any> # the table
function Scores:describe() end

---Gives its memory back at once.
function Scores:release() end

---A directory that becomes an object of the store, or goes.
---@class StoreDraft
local StoreDraft = {}

---The directory to fill.
---@return string # the path
function StoreDraft:dir() end

---Adds a file or the files below a directory, as links where the file system allows.
---@param source string file or directory
---@param name string its path inside the object
function StoreDraft:add(source, name) end

---Gives the object its place in the store.
---@param options? CommitOptions what to keep with the files
---@return StoredObject # the object
function StoreDraft:commit(options) end

---Gives its memory back at once.
function StoreDraft:release() end

---Everything that can change a result, and its digest.
---@class StoreKey
local StoreKey = {}

---SHA-256 of the key.
---@return string # hexadecimal
function StoreKey:digest() end

---Verb, parts and engine.
---@return table<any, any> # the table
function StoreKey:describe() end

---Gives its memory back at once.
function StoreKey:release() end

---While open, evaluations are not kept by themselves.
---@class StoreSection
local StoreSection = {}

---Gives its memory back at once.
function StoreSection:release() end

---A result in the store. Its files must not be changed.
---@class StoredObject
local StoredObject = {}

---Directory of its files.
---@return string # the path
function StoredObject:dir() end

---The plain data kept with it, or nil.
---@return any # the value
function StoredObject:value() end

---Puts its files below a directory, as links where the file system allows.
---@param target string the directory
function StoredObject:place(target) end

---Label, size, and when and how long it was made.
---@return table<any, any> # the table
function StoredObject:describe() end

---Gives its memory back at once.
function StoredObject:release() end

---Numbers in up to four dimensions. Values never change; operators and methods make new tensors, which remember how they were made where a gradient is wanted.
---@class Tensor
---@operator add(any): any
---@operator sub(any): any
---@operator mul(any): any
---@operator div(any): any
---@operator pow(any): any
local Tensor = {}

---Each element x as e^x.
---@return Tensor # the result
function Tensor:exp() end

---Each element x as the natural logarithm of x.
---@return Tensor # the result
function Tensor:log() end

---Each element x as the square root of x.
---@return Tensor # the result
function Tensor:sqrt() end

---Each element x as |x|.
---@return Tensor # the result
function Tensor:abs() end

---Each element x as x where x > 0, else 0.
---@return Tensor # the result
function Tensor:relu() end

---Each element x as 1 / (1 + e^-x).
---@return Tensor # the result
function Tensor:sigmoid() end

---Each element x as the hyperbolic tangent of x.
---@return Tensor # the result
function Tensor:tanh() end

---Each element x as x / (1 + e^-x).
---@return Tensor # the result
function Tensor:silu() end

---Each element x as x * x.
---@return Tensor # the result
function Tensor:square() end

---Each element x as 1 / x.
---@return Tensor # the result
function Tensor:reciprocal() end

---Each element x as -x.
---@return Tensor # the result
function Tensor:neg() end

---Each element x as -1, 0 or 1.
---@return Tensor # the result
function Tensor:sign() end

---Each element x as the largest whole number <= x.
---@return Tensor # the result
function Tensor:floor() end

---Each element limited to [low, high].
---@param low? number smallest value (default: none)
---@param high? number largest value (default: none)
---@return Tensor # the result
function Tensor:clamp(low, high) end

---Each element to the power x.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:pow(x) end

---The larger of each element and x.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:max_with(x) end

---The smaller of each element and x.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:min_with(x) end

---1 where an element > x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:gt(x) end

---1 where an element >= x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:ge(x) end

---1 where an element < x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:lt(x) end

---1 where an element <= x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:le(x) end

---1 where an element == x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:eq(x) end

---1 where an element ~= x, else 0; carries no gradient.
---@param x Tensor|number tensor or number
---@return Tensor # the result
function Tensor:ne(x) end

---1 where an element is not a number, else 0.
---@return Tensor # the result
function Tensor:isnan() end

---Sum of the elements. Over all of them, or along one dimension.
---@param dim? number dimension that goes, from 1; negative from the innermost
---@return Tensor # the result
function Tensor:sum(dim) end

---Mean of the elements. Over all of them, or along one dimension.
---@param dim? number dimension that goes, from 1; negative from the innermost
---@return Tensor # the result
function Tensor:mean(dim) end

---Largest element. Over all of them, or along one dimension.
---@param dim? number dimension that goes, from 1; negative from the innermost
---@return Tensor # the result
function Tensor:max(dim) end

---Smallest element. Over all of them, or along one dimension.
---@param dim? number dimension that goes, from 1; negative from the innermost
---@return Tensor # the result
function Tensor:min(dim) end

---e^x / sum of e^x over the innermost dimension.
---@return Tensor # the result
function Tensor:softmax() end

---Logarithm of softmax over the innermost dimension.
---@return Tensor # the result
function Tensor:log_softmax() end

---Running sum along the innermost dimension; carries no gradient.
---@return Tensor # the result
function Tensor:cumsum() end

---Matrix product: (M, K) by (K, N), or batches of them.
---@param other Tensor right factor
---@return Tensor # the result
function Tensor:matmul(other) end

---The innermost dimension in order, and the index (from 1) each value had; NaN comes last. Carries no gradient.
---@param descending? boolean largest first
---@return Tensor # values
---@return Tensor # indices
function Tensor:sort(descending) end

---The k largest values of the innermost dimension, largest first, and their indices (from 1). Carries no gradient.
---@param k number how many
---@return Tensor # values
---@return Tensor # indices
function Tensor:topk(k) end

---The value below which the share q of all elements lies, between neighbours by straight lines.
---@param q number share
---@return number # the value
function Tensor:quantile(q) end

---The same numbers under another shape; one size may be -1.
---@param shape number[] sizes, outermost first
---@return Tensor # the result
function Tensor:reshape(shape) end

---The two innermost dimensions exchanged.
---@return Tensor # the result
function Tensor:transpose() end

---Entries from ... to of a dimension, both included.
---@param from number first entry
---@param to number last entry
---@param dim? number dimension, from 1; negative from the innermost
---@return Tensor # the result
function Tensor:slice(from, to, dim) end

---One entry of the innermost dimension of each row: y[i] = x[i][ids[i]].
---@param ids number[]|Tensor indices, from 1
---@return Tensor # the result
function Tensor:gather(ids) end

---Entries of the first dimension by index, in the given order.
---@param ids number[]|Tensor indices, from 1
---@return Tensor # the result
function Tensor:rows(ids) end

---Sizes of the dimensions, outermost first.
---@return integer[] # sizes
function Tensor:shape() end

---Number of elements, or the size of one dimension.
---@param dim? number dimension, from 1; negative from the innermost
---@return integer # the size
function Tensor:size(dim) end

---The number of a tensor that holds one.
---@return number # the number
function Tensor:item() end

---One element, for looking at: slow in loops.
---@param ... any
---@return number # the number
function Tensor:get(...) end

---All numbers as nested lists. Slow for large tensors: whole-tensor methods do the same work in the engine.
---@return any # lists nested as deep as the tensor has dimensions; a number for rank 0
function Tensor:totable() end

---Shape, extremes and mean.
---@return table<any, any> # the table
function Tensor:describe() end

---The same numbers without their history.
---@return Tensor # the result
function Tensor:detach() end

---A copy of the numbers without their history.
---@return Tensor # the result
function Tensor:clone() end

---Adds the gradient of this number to every parameter it was computed from. The history is used up.
---@param gradient? Tensor starts from this instead of 1; of the tensor's shape
function Tensor:backward(gradient) end

---The gradient collected so far, or nil.
---@return Tensor # gradient of the tensor's shape
function Tensor:grad() end

---Forgets the gradient collected so far.
function Tensor:zero_grad() end

---With an argument: whether gradients are collected here; returns the tensor. Without: whether they are.
---@param collect? boolean collect gradients
---@return any # the tensor, or a boolean
function Tensor:requires_grad(collect) end

---Gives its memory back at once.
function Tensor:release() end

---The tokens of a batch as a weights function sees them: t.loss, t.reference_loss, t.excess, t.entropy, t.probability, t.margin, t.position, t.id, t.source, t.label, t.random, and t.valid (0 for padding and prompts), each a [rows, context] tensor without gradient, made when asked for.
---@class TokenView
---@field step integer Step, counted from 1.
---@field progress number Share of the run done.
---@field tokens integer Tokens seen before this step.
---@field memory table<any, any> A table for what later steps need: plain data and models, saved with checkpoints.
local TokenView = {}

---Gives its memory back at once.
function TokenView:release() end

---Text to token ids and back.
---@class Tokenizer
local Tokenizer = {}

---The token ids of a text. Special tokens never come from text, unless that is asked for.
---@param text string any bytes
---@param options? EncodeOptions how to read the text
---@return integer[] # ids
function Tokenizer:encode(text, options) end

---The text that ids stand for.
---@param ids number[] token ids
---@return string # the text
function Tokenizer:decode(ids) end

---A text cut into its tokens.
---@param text string any bytes
---@return string[] # the tokens' texts
function Tokenizer:pieces(text) end

---The id of a token by its text, special tokens included; nil if there is none.
---@param token string such as <|endoftext|>
---@return integer # the id
function Tokenizer:id(token) end

---The text of a token.
---@param id number token id
---@return string # the text
function Tokenizer:token(id) end

---Number of tokens.
---@return integer # tokens
function Tokenizer:vocab_size() end

---Writes the tokenizer as Hugging Face's tokenizer.json.
---@param path string file, or a directory to put tokenizer.json into
function Tokenizer:save(path) end

---SHA-256 of the tokenizer.
---@return string # hexadecimal
function Tokenizer:fingerprint() end

---Kind, size and fingerprint.
---@return table<any, any> # the table
function Tokenizer:describe() end

---Gives its memory back at once.
function Tokenizer:release() end

---A corpus under one tokenizer: token ids and labels in a mapped file.
---@class Tokens
local Tokens = {}

---Tokens.
---@return integer # the count
function Tokens:count() end

---Documents.
---@return integer # the count
function Tokens:documents() end

---Bytes of text.
---@return integer # the count
function Tokens:bytes() end

---SHA-256 of the documents.
---@return string # hexadecimal
function Tokens:hash() end

---The mapped files.
---@return string[] # paths
function Tokens:paths() end

---Counts, hash and tokenizer.
---@return table<any, any> # the table
function Tokens:describe() end

---Gives its memory back at once.
function Tokens:release() end

---Policies against their controls over paired seeds; prints as two tables.
---@class rho.Ablation
---@field header string[] names of the columns
---@field cells string[][] the table as text
---@field budget_header string[] names of the columns of the table of budgets
---@field budget_cells string[][] the table of budgets as text
---@field rows table<any, any>[] the figures by name, one table for each arm: { mean =, std =, low =, high = }
---@field metric string the tag that is compared
---@field seeds integer[] the seeds
---@field notes string[] lines under the tables
---@field plots string[] paths of the pictures
---@field report string path of the HTML page
local rho_Ablation = {}

---Arms side by side; prints as a table.
---@class rho.Comparison
---@field header string[] names of the columns
---@field cells string[][] the table as text
---@field rows table<any, any>[] the figures by name, one table for each arm
---@field notes string[] lines under the table
---@field plots string[] paths of the pictures
---@field report string path of the HTML page
local rho_Comparison = {}

---Plain data that knows its keys.
---@class rho.Config
---@field [string] any the values
local rho_Config = {}

---A deep copy with some values changed: groups are merged, lists replaced, unknown keys are errors.
---@param changes table<any, any> values by name
---@return rho.Config # the copy
function rho_Config:with(changes) end

---What rho.sweep.random draws from.
---@class rho.Distribution
local rho_Distribution = {}

---What an experiment file returns.
---@class rho.Experiment
---@field name string its name
---@field doc string one sentence
---@field params table<any, any> parameters with their defaults
---@field run function run(p): does the work
---@field sweep rho.Sweep the cells it is run for; nil for one run
local rho_Experiment = {}

---The same experiment with other defaults; groups of values are merged.
---@param changes table<any, any> values by name
---@return rho.Experiment # the variant
function rho_Experiment:with(changes) end

---The same experiment over the cells of a sweep, for a file that sweeps what another file declares.
---@param sweep rho.Sweep the cells
---@return rho.Experiment # the experiment with its sweep
function rho_Experiment:over(sweep) end

---A finished training.
---@class rho.Run
---@field name string name of its arm
---@field model Model the trained model
---@field tokenizer Tokenizer the tokenizer
---@field policy Policy what selected its tokens
---@field context integer tokens in a row
---@field seed integer its seed
---@field steps integer optimiser steps
---@field tokens integer tokens seen
---@field selected integer tokens that carried loss
---@field history table<any, any>[] { step =, tokens =, ["eval/NAME/loss"] =, ["eval/NAME/bpb"] = } at every evaluation, nats per token
---@field final table<any, any> the last of history
---@field labels table<any, any> { useful = { kept =, valid = }, ... }, where the text is labelled
---@field watched table<any, any>[] { step =, tokens =, value = }: what watch returned
---@field precision number share of useful tokens among the kept ones; nil without labels
---@field recall number share of kept tokens among the useful ones; nil without labels
---@field compute table<any, any> { training =, reference =, scoring = }, floating-point operations
---@field arm Arm its folder
local rho_Run = {}

---Benchmarks side by side; prints as a table.
---@class rho.Suite
---@field rows table<any, any>[] one table for each task
---@field mean number unweighted mean of the accuracies
---@field stderr number its standard error
local rho_Suite = {}

---The cells an experiment is run for; a * b is every combination, a + b one after the other.
---@class rho.Sweep
local rho_Sweep = {}

---The cells for which keeps(p) is true; p holds every parameter of the experiment.
---@param keeps function keeps(p): whether to run the cell
---@return rho.Sweep # the rest
function rho_Sweep:filter(keeps) end

---Each cell with several seeds.
---@param count number number of seeds
---@param first? number the first seed (default 1); the others follow
---@return rho.Sweep # the cells
function rho_Sweep:seeds(count, first) end

local rho = {}
rho.analysis = {}
rho.data = {}
rho.dry = {}
rho.eval = {}
rho.json = {}
rho.loss = {}
rho.model = {}
rho.optim = {}
rho.random = {}
rho.run = {}
rho.select = {}
---@type Column loss of the model in training, nats
rho.select.loss = nil
---@class rho.select.reference_loss: Column
---@overload fun(options?: ReferenceLossOptions): Policy
---@type rho.select.reference_loss loss of the reference model, nats
rho.select.reference_loss = nil
---@type Column loss - reference_loss, signed, nats
rho.select.excess = nil
---@type Column entropy of the training model's prediction, nats
rho.select.entropy = nil
---@class rho.select.reference_entropy: Column
---@overload fun(options?: ReferenceEntropyOptions): Policy
---@type rho.select.reference_entropy entropy of the reference model's prediction, nats
rho.select.reference_entropy = nil
---@type Column probability of the true token under the training model, exp(-loss)
rho.select.probability = nil
---@type Column logit of the true token minus the largest other logit
rho.select.margin = nil
---@type Column running mean of the run's own losses at the same corpus position, nats
rho.select.history = nil
---@type Column index inside the row, from 0
rho.select.position = nil
---@type Column token id of the target
rho.select.id = nil
---@type Column index of the corpus source, from 0
rho.select.source = nil
---@type Column 0 useful, 1 noise, 2 wrong (generated corpora only)
rho.select.label = nil
---@class rho.select.random: Column
---@overload fun(options?: RandomOptions): Policy
---@type rho.select.random uniform in [0, 1), from the run's seed
rho.select.random = nil
rho.store = {}
rho.sweep = {}
rho.tensor = {}
rho.text = {}
rho.tokenizer = {}

---Policies against full training and a random share, over paired seeds: mean and sample deviation, differences within seeds with t intervals, tokens and FLOPs to full training's final loss, and losses at equal seen tokens, selected tokens and total compute. The controls cannot be left out.
---@param options rho.ablation.options see below
---@return rho.Ablation # prints as two tables; rows, plots, report
function rho.ablation(options) end

---A section for rho.report that colours text by token category.
---@param options rho.analysis.category_section.options see below
---@return table<any, any> # the section
function rho.analysis.category_section(options) end

---Token categories from the losses of the same tokens at several checkpoints (Rho-1, eq. 6 and figure 3): a line is fitted to each token's losses; H->L fell, L->H rose by more than the threshold, L->L stayed low and H->H stayed high.
---@param options rho.analysis.dynamics.options see below
---@return table<any, any> # { shares = {["H->L"] = ...}, curves = { mean loss at each checkpoint }, masks = { 0/1 tensors }, change =, mean_last = }
function rho.analysis.dynamics(options) end

---Fits Acc(L) = log(a L + c) to losses and accuracies of checkpoints (Rho-1, eq. 7). The signs are what the data give.
---@param options rho.analysis.fit_accuracy.options see below
---@return table<any, any> # { a =, c =, r2 =, rmse = }
function rho.analysis.fit_accuracy(options) end

---Count and mean of values by an integer key, in ascending order of key. Values that are not finite are left out.
---@param values Tensor what is averaged, such as 0 or 1 for kept
---@param keys Tensor what by: token ids, positions, sources, labels
---@return table<any, any>[] # { { key =, count =, mean = }, ... }
function rho.analysis.group(values, keys) end

---Mean, sample deviation and Student's t interval of a few values, such as differences within seeds.
---@param values number[] the values
---@param confidence? number of the interval
---@return table<any, any> # { mean =, std =, low =, high =, n =, p = }
function rho.analysis.interval(values, confidence) end

---Overlap |A and B| / |A or B| of two sets of tokens; NaN where both are empty.
---@param a Tensor 0 or 1 for each token
---@param b Tensor the same tokens
---@return number # 0 to 1
function rho.analysis.jaccard(a, b) end

---Every token of a text with its loss under a model. The same text, context and limit give the same tokens in the same order whatever the model, so that checkpoints can be compared token by token.
---@param options ObserveOptions model and text
---@return table<any, any> # { loss =, entropy =, id =, position =, source =, label =, count =, flops = }: tensors of one dimension; entropy and label where there are any
function rho.analysis.observe(options) end

---Jaccard overlap of every pair of selected sets, such as those of successive checkpoints.
---@param sets Tensor[] 0/1 tensors of the same tokens
---@return table<any, any> # matrix[i][j]
function rho.analysis.overlap(sets) end

---Perplexity of the tokens selected at checkpoint i under checkpoint j (Rho-1, figure 8).
---@param options rho.analysis.perplexity_matrix.options see below
---@return table<any, any> # matrix[i][j]
function rho.analysis.perplexity_matrix(options) end

---Share of tokens kept by token id, position, source or label; the most frequent groups first.
---@param options rho.analysis.selection_rate.options see below
---@return table<any, any>[] # { { key =, count =, rate =, name = }, ... }
function rho.analysis.selection_rate(options) end

---The t below which Student's distribution has probability p.
---@param p number probability
---@param df number degrees of freedom
---@return number # t
function rho.analysis.t_quantile(p, df) end

---Sets runs side by side: held-out loss, bits per byte, exact match, tokens to reach the baseline's final loss, precision and recall of selection where the text is labelled, and all compute including reference and scoring. Writes loss curves (SVG, PNG) and an HTML report into the run directory.
---@param options? rho.compare.options see below
---@return rho.Comparison # prints as a table
function rho.compare(options) end

---Plain data that knows its keys: cfg:with { lr = 1e-4, model = { layers = 6 } } is a deep copy with some values changed, groups merged and lists replaced. Reading or setting a key that is not there is an error that names the nearest, as is a changed value of another type. A configuration may be an experiment's params.
---@param values table<any, any> numbers, strings, booleans, lists, and tables of them
---@return rho.Config # the values, with the method with(changes)
function rho.config(values) end

---Problems to answer from files of JSON rows, for exact match.
---@param options AnswersOptions|string[] files and templates
---@return table<any, any> # { prompts = {...}, answers = {...} }
function rho.data.answers(options) end

---A corpus with web noise put between its sentences and typing errors into its words; the original text is labelled useful, the rest noise.
---@param options rho.data.corrupt.options see below
---@return Corpus # the noisy documents
function rho.data.corrupt(options) end

---Documents from a Lua function or list. A document is a string, or spans with ground truth for every character, { "text", "useful", "more", "noise", ... } (labels useful, noise, wrong, and prompt for what is read but carries no loss), or { text = , source = }; nil leaves an index out. The function must give the same document for the same index each time.
---@param options DocumentsOptions|(any[]|function)[] function or list
---@return Corpus # the documents
function rho.data.documents(options) end

---The embedded corpus: arithmetic word problems with worked solutions, clean or as the web carries them (timestamps, user names, adverts, markup, boilerplate, chatter, typing errors, wrong totals), each character labelled useful, noise or wrong. Document i depends on (seed, kind, i) alone.
---@param options? rho.data.generate.options see below
---@return Corpus # the documents
function rho.data.generate(options) end

---Documents from files of JSON rows, plain, gzip or zstd.
---@param options JsonlOptions|string[] files and how rows become text
---@return Corpus # the documents
function rho.data.jsonl(options) end

---Several corpora as one: each row of a batch is drawn from a part with its weight's share.
---@param options MixOptions|any[][] corpora and weights
---@return Corpus # the mixture
function rho.data.mix(options) end

---Tokenises a corpus into the cache, once; every verb that needs tokens does this by itself.
---@param options PrepareOptions corpus and tokenizer
---@return Tokens # the stored tokens
function rho.data.prepare(options) end

---The kinds of problems of the embedded corpus, for the kinds option of rho.data.generate and rho.data.problems.
---@return string[] # names
function rho.data.problem_kinds() end

---Problems of the embedded corpus to answer: prompts that stop before the result, and the results.
---@param options? rho.data.problems.options see below
---@return table<any, any> # { prompts = {...}, answers = {...} }, as rho.train's answers option takes it
function rho.data.problems(options) end

---Documents from text files or directories of them, plain, gzip or zstd.
---@param options TextOptions|string[] files
---@return Corpus # the documents
function rho.data.text(options) end

---Wraps a Lua function with the checks of a declaration and adds it to help and manual.
---@param declaration table<any, any> name, doc, parameters, options, returns, example, open; fields are { name, type, ... }
---@param fn? function the function; or the declaration's first entry
---@return function # the checked function
function rho.declare(declaration, fn) end

---Adds a class written in Lua, a table whose metatable has that __name, to help, manual and editor stubs.
---@param declaration table<any, any> name, doc, properties as fields, methods as declarations
function rho.declare_class(declaration) end

---Whether rhoscript check runs the script.
---@return boolean # whether
function rho.dry.active() end

---A sentence for the report of rhoscript check, at the line of the script that runs.
---@param text string the sentence
---@param blinds? boolean what follows in the script may fail because a stand-in lacks something
function rho.dry.remark(text, blinds) end

---Checks a scoring, enters what it would take, and promises the scores.
---@param options DryScoringOptions reference and text
---@return Scores # scores that policies accept and nobody can read
function rho.dry.scores(options) end

---Checks a training and enters what it would take.
---@param options DryTrainingOptions the training, resolved
---@return table<any, any> # { loss =, bits_per_byte = } of a model that knows nothing, { flops = } of the training
function rho.dry.training(options) end

---Makes an error value without raising it.
---@param code "usage"|"value"|"io"|"format"|"shape"|"checkpoint"|"mismatch"|"diverged"|"interrupted"|"unsupported"|"memory"|"script"|"dry" what kind of error
---@param message string one sentence
---@param hint? string what to try
---@return rho.error # fields code, message, file, line, hint, traceback
function rho.error(code, message, hint) end

---Few-shot generation graded as GSM8K and MATH usually are: the answer is what follows ####, the last \boxed{}, "the answer is", or the last number; answers are compared as numbers, lists, intervals, matrices and expressions.
---@param options GradedAnswersOptions model and problems
---@return table<any, any> # { accuracy =, stderr =, correct =, n =, unanswered =, truncated =, flops =, task =, items = }
function rho.eval.answers(options) end

---Multiple choice by log-likelihood. Three accuracies, with standard errors: by the sum over the choice's tokens, per token, and per byte; and bits per byte of the right choices, which move long before accuracy does.
---@param options ChoiceOptions model and items
---@return table<any, any> # { accuracy =, stderr =, accuracy_per_token =, stderr_per_token =, accuracy_per_byte =, stderr_per_byte =, bits_per_byte =, n =, truncated =, flops =, task = { version =, prompt_hash =, style =, shots = }, items = }
function rho.eval.choice(options) end

---Suites side by side, with differences from the baseline and their standard errors (of independent samples, which overstates those of one set of items). Suites whose versions, prompts or numbers of items differ are refused.
---@param options rho.eval.compare.options see below
---@return rho.SuiteComparison # prints as a table; rows
function rho.eval.compare(options) end

---Whether two final answers say the same, as rho.eval.answers grades them.
---@param prediction string an answer
---@param reference string the right answer
---@param percent? boolean accept 100 times and a hundredth of a number, as published graders do
---@return boolean # whether
function rho.eval.equal(prediction, reference, percent) end

---Share of prompts whose greedy continuation is exactly the answer, with its standard error.
---@param options ExactMatchOptions model, prompts and answers
---@return table<any, any> # { accuracy =, stderr =, correct =, n =, items = {...}, flops =, version = }
function rho.eval.exact_match(options) end

---The final answer of a worked solution, and the rule that found it: marked, boxed, stated or number; nil where there is none.
---@param solution string the solution
---@return string # the answer
---@return string # the rule
function rho.eval.final_answer(solution) end

---Whether a worked solution ends in the reference answer.
---@param options GradeOptions solution and answer
---@return table<any, any> # { correct =, answer =, rule = }
function rho.eval.grade(options) end

---Share of passages whose last word greedy decoding writes, and the word's perplexity (LAMBADA). Items: the passage without its last word as question, the word as answer.
---@param options LastWordOptions model and passages
---@return table<any, any> # { accuracy =, stderr =, perplexity =, n =, truncated =, flops =, task = }
function rho.eval.last_word(options) end

---Mean loss on a corpus, with its standard error over rows, and bits per byte of text; for a mixture also of each of its parts.
---@param options EvalLossOptions model and text
---@return table<any, any> # { loss =, stderr =, bits_per_byte =, perplexity =, tokens =, bytes =, flops =, version =, domains = { { name =, loss =, ... }, ... } }
function rho.eval.loss(options) end

---Benchmarks side by side, each with the accuracy papers report for it, its standard error, version and prompt hash, and their unweighted mean. Tasks: arc_easy, arc_challenge, piqa, commonsense_qa, copa, boolq, winogrande, winograd_wsc, mmlu_stem, aqua, mathqa, bbh, misconceptions, strategy_qa, strange_stories, understanding_fables, novel_concepts, conceptual_combinations, lambada.
---@param options rho.eval.suite.options see below
---@return rho.Suite # prints as a table; rows, mean, stderr, path
function rho.eval.suite(options) end

---Declares an experiment: the value an experiment file returns. Parameters are typed by their defaults and can be changed with --set name=value.
---@param options rho.experiment.options see below
---@return rho.Experiment # the experiment
function rho.experiment(options) end

---Raises an error value, placed at the first line of the user's own code.
---@param code "usage"|"value"|"io"|"format"|"shape"|"checkpoint"|"mismatch"|"diverged"|"interrupted"|"unsupported"|"memory"|"script"|"dry" what kind of error
---@param message string one sentence
---@param hint? string what to try
function rho.fail(code, message, hint) end

---Runs fn so that the first interrupt only makes rho.interrupted() true until fn returns.
---@param fn function the loop
---@return any # what fn returns
function rho.graceful(fn) end

---Returns the manual entry of a function, class, method or option table.
---@param name string its full name
---@return string # 
function rho.help(name) end

---Whether a stop was asked for (Ctrl-C, SIGTERM, SIGUSR1). A loop that gets true has been told: it saves what it must and returns.
---@return boolean # 
function rho.interrupted() end

---JSON text as a value; null becomes nil.
---@param text string the text
---@return any # the value
function rho.json.decode(text) end

---A value as JSON text. Tables with keys 1...n become arrays (as does an empty table), others objects.
---@param value? any nil, boolean, number, string or table
---@param options? JsonEncodeOptions layout
---@return string # the text
function rho.json.encode(value, options) end

---Batches of a corpus. A batch is a pure function of the options and its step.
---@param options LoaderOptions data and sizes
---@return Loader # the loader
function rho.loader(options) end

---Kullback-Leibler divergence of each token between a model's prediction p and another's q, without gradient for q: KL(p || q) = sum p log(p / q), or with of = "other" KL(q || p), which distils q into p. Logits exist one row at a time.
---@param pass Forward model:forward(batch), or t.pass of an objective
---@param other Model the reference or teacher, of the same tokenizer
---@param batch Batch the batch of the pass
---@param options? rho.loss.kl.options see below
---@return Tensor # [rows, context], nats; 0 where there is nothing to predict
function rho.loss.kl(pass, other, batch, options) end

---The z-loss of each token, (log of the sum of e^logit)^2: it keeps logits from drifting (PaLM, arXiv:2204.02311, with a factor of 1e-4). Holds no logits.
---@param pass Forward model:forward(batch), or t.pass of an objective
---@return Tensor # [rows, context]
function rho.loss.z(pass) end

---Bytes in use: Lua's heap, tensors alive, their peak, and freed blocks kept for reuse.
---@return table<any, any> # { lua =, tensors =, peak =, held =, objects = }
function rho.memory() end

---LayerNorm, learned positions, GELU.
---@param options Gpt2Options sizes
---@return Model # the model
function rho.model.gpt2(options) end

---RMSNorm, rotary positions, SwiGLU, grouped key and value heads (arXiv:2302.13971).
---@param options LlamaOptions sizes
---@return Model # the model
function rho.model.llama(options) end

---A model directory as Hugging Face tools write it: config.json, model.safetensors, tokenizer.json; or a .gguf file.
---@param path string the directory or file
---@param keep? "f32"|"bf16"|"f16" how matrices are kept in memory; bf16 and f16 take half, for a model that scores or generates. Arithmetic is f32, and rho.train trains an f32 copy
---@return Model # the model
function rho.model.load(path, keep) end

---Calls fn(...) without recording history: for evaluation and for weights.
---@param fn function the function
---@param ... any
---@return any # what fn returns
function rho.no_grad(fn, ...) end

---AdamW with decoupled weight decay on matrices only (arXiv:1711.05101).
---@param options AdamwOptions model and rates
---@return Optimiser # the optimiser
function rho.optim.adamw(options) end

---The peak, after a linear warm-up.
---@param options ConstantOptions peak and lengths
---@return Schedule # call it with a step (from 1) for the learning rate
function rho.optim.constant(options) end

---Warm-up, then half a cosine down to final times the peak.
---@param options CosineOptions peak and lengths
---@return Schedule # call it with a step (from 1) for the learning rate
function rho.optim.cosine(options) end

---Warm-up, then a straight line down to final times the peak.
---@param options LinearOptions peak and lengths
---@return Schedule # call it with a step (from 1) for the learning rate
function rho.optim.linear(options) end

---Warm-up, the peak, and a straight line down over the last decay steps (arXiv:2404.06395).
---@param options WsdOptions peak and lengths
---@return Schedule # call it with a step (from 1) for the learning rate
function rho.optim.wsd(options) end

---A line chart as SVG and PNG, with its data and gnuplot script beside it.
---@param options PlotOptions lines and labels
---@return string[] # paths of the pictures; empty where gnuplot is missing
function rho.plot(options) end

---The stream of that seed, name and step, at its start.
---@param options RandomStreamOptions seed, name and step
---@return RandomStream # the stream
function rho.random.stream(options) end

---One self-contained HTML page: parameters, tables, curves, texts coloured token by token.
---@param options ReportOptions title and sections
---@return string # the path
function rho.report(options) end

---Opens a section in which the first Ctrl-C or signal only makes rho.run.interrupted() true, so that the loop can finish its step and save. Ends with the variable: local section <close> = rho.run.graceful().
---@return GracefulSection # the section
function rho.run.graceful() end

---Watches the loss and ends a run that diverges.
---@param options? GuardOptions when a loss counts as bad
---@return Guard # the guard
function rho.run.guard(options) end

---Whether Ctrl-C or a signal asked the program to stop. Loops in a graceful section look here after every step.
---@return boolean # whether
function rho.run.interrupted() end

---A line on stderr and in the run's log.txt; nothing that is a result.
---@param text string the line
function rho.run.log(text) end

---Opens a run directory; one that the same configuration began is continued, any other content is refused.
---@param options OpenRunOptions name and parameters
---@return RunDirectory # the directory
function rho.run.open(options) end

---A path below the directory of the run in progress, for what an experiment writes itself.
---@param name string such as table.csv
---@return string # the path
function rho.run.path(name) end

---Asks for a stop as SIGUSR1 does: the training under way saves and the program ends with exit code 75.
function rho.run.pause() end

---A progress line on stderr, in the style of --progress.
---@param options ProgressOptions label and length
---@return Progress # the line
function rho.run.progress(options) end

---Ends the program after rho.run.interrupted() returned true and everything worth keeping is saved: exit code 130 after Ctrl-C, 75 after SIGTERM or SIGUSR1.
---@param arm? Arm whose checkpoint to name
function rho.run.stop(arm) end

---Why no commit of git says what is run: files that differ or are not tracked; nil if one does.
---@return string # the reason, or nil
function rho.run.uncommitted() end

---The reference model's loss of every token of a corpus, computed once into a mapped half-precision file that is checked against tokenizer, reference and corpus wherever it is used.
---@param options rho.score.options see below
---@return Scores # for the scores option of policies
function rho.score(options) end

---Tokens whose score is at least x.
---@param x number|Quantile a score, or rho.select.quantile(share)
---@return Rule # the rule
function rho.select.above(x) end

---ESLM whose share adapts: where the mean loss above the threshold rises from step to step, alpha falls and more tokens are kept; where it falls, fewer. above(quantile(alpha)) of loss; alpha <- clamp(alpha * exp(-rate * (CVaR - before) / before), low, high). Ada-ESLM, arXiv:2505.19893; the step is this library's reading of its description.
---@param options? rho.select.ada_eslm.options see below
---@return Policy # the policy
function rho.select.ada_eslm(options) end

---Every token: causal language modelling. w = 1 (arXiv:2404.07965, eq. 2).
---@param options? AllOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.all(options) end

---Tokens whose score is less than x.
---@param x number|Quantile a score, or rho.select.quantile(share)
---@return Rule # the rule
function rho.select.below(x) end

---Excess loss against a reference that follows the model: every so many steps it is made equal to the model and updated a few steps on clean text. All of it is counted as the training's work. top(keep) of loss - reference_loss, the reference being the model of the last synchronisation + updates steps on clean text. BLADE, arXiv:2606.18650; its learning rates and batch are not those here.
---@param options rho.select.blade.options see below
---@return Policy # the policy
function rho.select.blade(options) end

---The share of tokens with the lowest scores.
---@param keep number|KeepSchedule share in [0, 1], or a schedule
---@return Rule # the rule
function rho.select.bottom(keep) end

---Every token weighted by the exponential of its excess loss, capped: the soft form of excess loss. w = sg(min(exp((loss - reference_loss) / temperature), cap)). re-weighting instead of selecting, named as an extension in Rho-1, arXiv:2404.07965, appendix C.
---@param options rho.select.clipped_excess.options see below
---@return Policy # the policy
function rho.select.clipped_excess(options) end

---A token column by name. The standard ones are fields: rho.select.loss.
---@param name string name of the column
---@return Column # the column as a score
function rho.select.column(name) end

---Names of the standard columns. loss: loss of the model in training, nats; reference_loss: loss of the reference model, nats; excess: loss - reference_loss, signed, nats; entropy: entropy of the training model's prediction, nats; reference_entropy: entropy of the reference model's prediction, nats; probability: probability of the true token under the training model, exp(-loss); margin: logit of the true token minus the largest other logit; history: running mean of the run's own losses at the same corpus position, nats; position: index inside the row, from 0; id: token id of the target; source: index of the corpus source, from 0; label: 0 useful, 1 noise, 2 wrong (generated corpora only); random: uniform in [0, 1), from the run's seed.
---@return string[] # names
function rho.select.column_names() end

---Tokens whose loss the prompt changes most for the model in training. Costs one more forward pass, in which answers do not see their prompts. top(keep) of |unconditional_loss - loss|. the score of T-SHIRT, arXiv:2506.01317, live and within the batch.
---@param options? rho.select.conditional_gain.options see below
---@return Policy # the policy
function rho.select.conditional_gain(options) end

---Tokens less probable than the mean probability of their row. below(0) of probability - row_mean(probability). token rule of ConfPO, arXiv:2506.08712.
---@param options? rho.select.conf_po.options see below
---@return Policy # the policy
function rho.select.conf_po(options) end

---Every token weighted by the probability the model gives it. w = sg(p). DFT, arXiv:2508.05629.
---@param options? rho.select.dft.options see below
---@return Policy # the policy
function rho.select.dft(options) end

---Every token weighted by the entropy of its prediction. w = sg((entropy / 3)^alpha). EAFT as in LLaMA-Factory; there the entropy is that of the 20 largest logits.
---@param options? rho.select.eaft.options see below
---@return Policy # the policy
function rho.select.eaft(options) end

---Drops tokens whose prediction lies far from the truth by the Euclidean norm: confident errors, not open questions. Costs one more forward pass. below(threshold^2) of ||p - onehot||^2. error norm truncation, arXiv:2310.00840.
---@param options rho.select.ent.options see below
---@return Policy # the policy
function rho.select.ent(options) end

---Tokens at or above the value at risk of their loss or entropy: the mean loss over them is the CVaR. above(quantile(alpha)) of loss, or of entropy. ESLM, arXiv:2505.19893.
---@param options rho.select.eslm.options see below
---@return Policy # the policy
function rho.select.eslm(options) end

---Keeps every token.
---@return Rule # the rule
function rho.select.everything() end

---Tokens the model can still learn from the reference: the highest signed excess loss. top(keep) or above(threshold) of loss - reference_loss (Rho-1, arXiv:2404.07965, eq. 3 to 5).
---@param options? ExcessLossOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.excess_loss(options) end

---Every token weighted down the better the model knows it: the reverse of DFT. w = sg((1 - p)^gamma). focal loss, arXiv:1708.02002.
---@param options? rho.select.focal.options see below
---@return Policy # the policy
function rho.select.focal(options) end

---The tokens where the model in training is least certain. top(keep) of entropy (arXiv:2506.01939 and arXiv:2505.19893).
---@param options? HighEntropyOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.high_entropy(options) end

---The tokens with the highest loss. top(keep) or above(threshold) of loss (online hard example mining; control).
---@param options? HighLossOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.high_loss(options) end

---Tokens whose loss has fallen most below the run's own mean at that place of the corpus, or with of = "risen" most above it. Means something from the second pass on. top(keep) of history - loss; risen: of loss - history. REL with an exponential mean; reported by an independent replication to lose to full training.
---@param options? rho.select.history_excess.options see below
---@return Policy # the policy
function rho.select.history_excess(options) end

---Rows weighted up with their mean loss up to the middle of the batch's range, and alike above it, so that outliers do not lead. w = exp(min(2 delta * minmax(row_mean(loss)), delta) / r). LinUpper of dynamic loss-based sample reweighting, arXiv:2502.06733.
---@param options? rho.select.lin_upper.options see below
---@return Policy # the policy
function rho.select.lin_upper(options) end

---Excess loss against a model that is run on every batch instead of scored ahead: of any size, with the same tokenizer. top(keep) of loss - reference_loss. Rho-1 with the reference run beside the model, as RHO-LOSS and Rho-1 replications do.
---@param options rho.select.live_excess.options see below
---@return Policy # the policy
function rho.select.live_excess(options) end

---Tokens weighted up that a longer context helps to predict. Costs one more forward pass. w = sg(min(exp(short_loss - loss), cap)). LongCE, arXiv:2410.23771; there the short context slides, here the row is cut into blocks.
---@param options rho.select.long_ce.options see below
---@return Policy # the policy
function rho.select.long_ce(options) end

---Tokens the model does not know yet, less a random share of all; the loss is divided by all tokens. above(threshold) of loss and top(1 - drop) of random. RWKV-infctx-trainer, January 2024: no reference, and not excess loss.
---@param options? rho.select.loss_threshold.options see below
---@return Policy # the policy
function rho.select.loss_threshold(options) end

---The tokens where the model in training is most certain. top(keep) of -entropy (control).
---@param options? LowEntropyOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.low_entropy(options) end

---The tokens with the lowest loss. top(keep) of -loss (control).
---@param options? LowLossOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.low_loss(options) end

---Excess loss against the exponential mean of the model's own weights. At the first step the two are one and every excess is 0: train on everything until they part. top(keep) of loss - reference_loss, the reference's weights being decay * old + (1 - decay) * model's after each step. an exponential mean of the model as its reference, as mean teachers are, arXiv:1703.01780.
---@param options? rho.select.mean_reference.options see below
---@return Policy # the policy
function rho.select.mean_reference(options) end

---Tokens whose rank, counted from the lowest score, lies between two shares.
---@param low number share of the lowest scores to drop
---@param high number 1 - share of the highest scores to drop
---@return Rule # the rule
function rho.select.middle(low, high) end

---The middle of the distribution of losses, the model's own or the reference's. middle(low, high) of loss, or of reference_loss. token form of Marion et al., arXiv:2309.04564.
---@param options? rho.select.middle_loss.options see below
---@return Policy # the policy
function rho.select.middle_loss(options) end

---Every token weighted up with the entropy of its prediction. w = sg((1 + entropy)^gamma). MiLe loss, arXiv:2310.19531.
---@param options? rho.select.mile.options see below
---@return Policy # the policy
function rho.select.mile(options) end

---Excess loss against a weighted mean of several references' losses. top(keep) of loss - sum(weight * reference_loss) / sum(weight). several references, named as an extension in Rho-1, arXiv:2404.07965, appendix C.
---@param options rho.select.mixed_references.options see below
---@return Policy # the policy
function rho.select.mixed_references(options) end

---Keeps no token.
---@return Rule # the rule
function rho.select.nothing() end

---A policy from its parts, or from a function over whole tensors.
---@param options PolicyOptions the parts
---@return Policy # the policy
function rho.select.policy(options) end

---Tokens the model already gives some probability; the loss is divided by all tokens. above(threshold) of probability. ProFit, arXiv:2601.09195.
---@param options rho.select.profit.options see below
---@return Policy # the policy
function rho.select.profit(options) end

---Rows by perplexity and entropy: uncertain errors and known certainties are dropped, uncertain successes kept whole, and certain errors kept without the tokens that are most surprising together with their neighbours. rows (loss >= median) ~= (entropy >= median); in those of high loss bottom(keep) of (1 - lambda) * ppl + lambda * (left ppl + right ppl). Q-Tuning, arXiv:2509.23873; there both thresholds are searched for, here they are medians of the batch.
---@param options? rho.select.q_tuning.options see below
---@return Policy # the policy
function rho.select.q_tuning(options) end

---A threshold relative to the competing scores, for above and below.
---@param share number share of scores below the threshold
---@return Quantile # the threshold
function rho.select.quantile(share) end

---Whole rows with the highest mean excess loss: selection by sample. rows(top(keep)) of mean over the row of loss - reference_loss. RHO-LOSS, arXiv:2206.07137.
---@param options rho.select.rho_loss.options see below
---@return Policy # the policy
function rho.select.rho_loss(options) end

---A rule applied to whole rows, each scored by the mean over its tokens.
---@param rule Rule the rule for rows
---@return Rule # the rule
function rho.select.rows(rule) end

---A share of tokens drawn at random in proportion to the score.
---@param keep number|KeepSchedule share in [0, 1], or a schedule
---@return Rule # the rule
function rho.select.sample(keep) end

---A random share drawn in proportion to the positive part of the excess loss. sample(keep) of relu(loss - reference_loss) (stochastic form of Rho-1, arXiv:2404.07965).
---@param options? SampledExcessOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.sampled_excess(options) end

---A share that changes during the run.
---@param options KeepScheduleOptions|number[][] points and their unit
---@return KeepSchedule # for the keep of a rule or policy
function rho.select.schedule(options) end

---Tokens easy for the reference by loss and by entropy. top(keep) of -reference_loss and top(keep) of -reference_entropy (Rho-1, arXiv:2404.07965, table 4).
---@param options? SelfReferenceIntersectionOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.self_reference_intersection(options) end

---Tokens easy for the reference by loss or by entropy. top(keep) of -reference_loss or top(keep) of -reference_entropy (Rho-1, arXiv:2404.07965, table 4).
---@param options? SelfReferenceUnionOptions how much, and among which tokens
---@return Policy # the policy
function rho.select.self_reference_union(options) end

---Tokens whose loss has fallen most since an earlier checkpoint of the same model, and that attend to the prompt. The sign is the reverse of excess loss. top(keep) per row of gamma * minmax(earlier_loss - loss) + (1 - gamma) * prompt_attention. ssToken, arXiv:2510.18250; there the attention is that of the token itself, here of the position that predicts it.
---@param options rho.select.ss_token.options see below
---@return Policy # the policy
function rho.select.ss_token(options) end

---Different rules in turn, each from its start to the next one's.
---@param options RuleStagesOptions|any[][] stages and their unit
---@return Rule # the rule
function rho.select.stages(options) end

---Tokens that are not too surprising for the model before training. below(log(perplexity)) of reference_loss, the reference being the base model. selective token masking, arXiv:2501.14315.
---@param options rho.select.stm.options see below
---@return Policy # the policy
function rho.select.stm(options) end

---Tokens whose loss the instruction changes most, in either direction, ranked over the whole corpus. top(keep) over the corpus of |reference_loss - unconditional_loss|. T-SHIRT without its sample score, arXiv:2506.01317.
---@param options rho.select.t_shirt.options see below
---@return Policy # the policy
function rho.select.t_shirt(options) end

---Fixed scores of two frozen models, ranked over the whole corpus once. top(keep) over the corpus of base_loss - reference_loss. Token Cleaning, arXiv:2502.01968.
---@param options rho.select.token_cleaning.options see below
---@return Policy # the policy
function rho.select.token_cleaning(options) end

---The share of tokens with the highest scores.
---@param keep number|KeepSchedule share in [0, 1], or a schedule
---@return Rule # the rule
function rho.select.top(keep) end

---A band-pass on the margin: tokens that are neither known nor hopeless. w = sg(exp(-(margin - centre)^2 / (2 width^2))). TrimSFT.
---@param options? rho.select.trim_sft.options see below
---@return Policy # the policy
function rho.select.trim_sft(options) end

---SHA-256 of a string.
---@param bytes string any bytes
---@return string # hexadecimal
function rho.sha256(bytes) end

---A step of one's own that is remembered like the built-in verbs: run(inputs, dir) is called once for the same inputs, files and code (comments do not count), and what it returned and wrote is found again. Nested verbs are remembered on their own.
---@param options rho.stage.options see below
---@return any # what run returned
---@return string # directory of the files it wrote; read only
function rho.stage(options) end

---Writes the identity into the open run's directory.
---@param identity RunIdentity what runs
function rho.store.begin(identity) end

---Makes sure that a directory holds nothing or this very run; force empties the directory of another run.
---@param options ClaimRunOptions directory and identity
---@return boolean # whether the run was begun there before; nil if the directory holds another run
---@return string # then, what differs
---@return string # and the way out
function rho.store.claim(options) end

---A directory that becomes the object of a key once it is committed; gone without a trace otherwise.
---@param key StoreKey from rho.store.key
---@return StoreDraft # the draft
function rho.store.draft(key) end

---The stored result of a key, or nil; with --no-cache always nil.
---@param key StoreKey from rho.store.key
---@param label? string what a person calls it, for rhoscript why
---@param otherwise? "miss"|"resumed" what rhoscript why is told where there is none
---@return StoredObject # the object, or nil
function rho.store.find(key, label, otherwise) end

---What a run is: two runs of the same identity do the same thing.
---@param options RunIdentityOptions the parts
---@return RunIdentity # the identity
function rho.store.identity(options) end

---Opens a section in which evaluations are part of the verb around them and are not kept by themselves. Ends with the variable: local section <close> = rho.store.inner().
---@return StoreSection # the section
function rho.store.inner() end

---The key of a call: its parts by content, artifacts by fingerprint, functions by their code without comments.
---@param options StoreKeyOptions verb and parts
---@return StoreKey # the key
function rho.store.key(options) end

---Tells rhoscript why that a result came from the run directory itself.
---@param key StoreKey from rho.store.key
---@param label? string what a person calls it, for rhoscript why
---@param outcome? "kept"|"resumed" found whole, or continued from a checkpoint
function rho.store.note(key, label, outcome) end

---Restarts math.random from a seed until the section is closed, then puts it back where it was: what a verb draws depends on its own seed alone, and whether a verb was computed or found changes nothing after it.
---@param seed number seed of the verb
---@return RandomSection # the section: position(), restore(position)
function rho.store.random(seed) end

---The newest run directory of that identity that was begun, is not finished and is in nobody's hands; nil if there is none.
---@param identity RunIdentity what is to run
---@return string # the directory, or nil
function rho.store.unfinished(identity) end

---Returns " (did you mean 'x'?)" for the nearest of the names, or an empty string.
---@param name string what was written
---@param names string[] what there is
---@return string # 
function rho.suggestion(name, names) end

---Successive halving: every cell trains to the first rung, the best 1/eta of those that reached a rung go on to the next, and from the last rung to the end of the training. This is ASHA (Li, Jamieson, Rostamizadeh and others 2018, arXiv 1810.05934) with one difference: what a decision may look at is fixed by `parallel` and not by which process was faster, so the decisions are the same whatever the number of workers. A cell that is promoted goes on from its checkpoint.
---@param options rho.sweep.asha.options see below
---@return rho.Sweep # the sweep
function rho.sweep.asha(options) end

---One of the values, each as likely.
---@param values any[] what to choose from
---@return rho.Distribution # the distribution
function rho.sweep.choice(values) end

---The cells for which keeps(p) is true; p holds every parameter of the experiment. Also sweep:filter(keeps).
---@param sweep rho.Sweep the sweep
---@param keeps function keeps(p): whether to run the cell
---@return rho.Sweep # the sweep
function rho.sweep.filter(sweep, keeps) end

---Every combination of the values. Parameters are taken by name, the last one changing fastest.
---@param options? rho.sweep.grid.options see below
---@return rho.Sweep # the sweep
function rho.sweep.grid(options) end

---A whole number, both ends included.
---@param low number smallest
---@param high number largest
---@return rho.Distribution # the distribution
function rho.sweep.int(low, high) end

---The cells themselves, one table of values for each.
---@param cells table<any, any>[] values by parameter
---@return rho.Sweep # the sweep
function rho.sweep.list(cells) end

---Uniform in the logarithm, for learning rates and the like.
---@param low number smallest, above 0
---@param high number largest
---@return rho.Distribution # the distribution
function rho.sweep.log_uniform(low, high) end

---Every cell of one sweep with every cell of another. Also a * b.
---@param a rho.Sweep a sweep
---@param b rho.Sweep one with other parameters
---@return rho.Sweep # the sweep
function rho.sweep.product(a, b) end

---Values drawn at random. Each is a pure function of seed, parameter and index: a larger count only adds cells, and another parameter changes none of the values. Floats are rounded to four significant digits.
---@param options rho.sweep.random.options see below
---@return rho.Sweep # the sweep
function rho.sweep.random(options) end

---Each cell with several seeds, so that tables have means, deviations and paired differences. Also sweep:seeds(n).
---@param sweep rho.Sweep the sweep
---@param count number number of seeds
---@param first? number the first seed; the others follow
---@return rho.Sweep # the sweep
function rho.sweep.seeds(sweep, count, first) end

---A float between two numbers, each as likely.
---@param low number smallest
---@param high number largest
---@return rho.Distribution # the distribution
function rho.sweep.uniform(low, high) end

---The cells of one sweep, then those of another that are not the same. Also a + b.
---@param a rho.Sweep a sweep
---@param b rho.Sweep another
---@return rho.Sweep # the sweep
function rho.sweep.union(a, b) end

---The first values together, then the second values together, and so on.
---@param options? rho.sweep.zip.options see below
---@return rho.Sweep # the sweep
function rho.sweep.zip(options) end

---The numbers 1, 2, ... n.
---@param n number how many
---@return Tensor # the tensor
function rho.tensor.arange(n) end

---Tensors joined along a dimension.
---@param parts Tensor[] the tensors
---@param dim? number dimension that grows
---@return Tensor # the tensor
function rho.tensor.concat(parts, dim) end

---A tensor of the given numbers.
---@param values number|table<any, any> numbers, in lists nested up to four deep
---@param shape? number[] sizes, where the numbers come in one flat list
---@return Tensor # the tensor
function rho.tensor.from(values, shape) end

---A tensor that holds one number everywhere.
---@param shape number[] sizes, outermost first
---@param value number the number
---@return Tensor # the tensor
function rho.tensor.full(shape, value) end

---The larger of two values, element by element.
---@param a Tensor|number tensor or number
---@param b Tensor|number tensor or number
---@return Tensor # the tensor
function rho.tensor.maximum(a, b) end

---The smaller of two values, element by element.
---@param a Tensor|number tensor or number
---@param b Tensor|number tensor or number
---@return Tensor # the tensor
function rho.tensor.minimum(a, b) end

---Independent draws from a normal distribution.
---@param options NormalOptions shape and stream
---@return Tensor # the tensor
function rho.tensor.normal(options) end

---A tensor of ones.
---@param shape number[] sizes, outermost first
---@return Tensor # the tensor
function rho.tensor.ones(shape) end

---Independent draws from [low, high).
---@param options UniformOptions shape and stream
---@return Tensor # the tensor
function rho.tensor.uniform(options) end

---a where the condition is not 0, else b.
---@param condition Tensor 0 or 1, as comparisons give
---@param a Tensor|number taken where it holds
---@param b Tensor|number taken elsewhere
---@return Tensor # the tensor
function rho.tensor.where(condition, a, b) end

---A tensor of zeros.
---@param shape number[] sizes, outermost first
---@return Tensor # the tensor
function rho.tensor.zeros(shape) end

---A count in short: 950, 12.3k, 4.56M, 7.8G.
---@param value number the count
---@return string # the text
function rho.text.count(value) end

---A table in Markdown.
---@param header string[] names of the columns
---@param rows string[][] the cells
---@return string # lines
function rho.text.markdown(header, rows) end

---A table as plain text: columns aligned, numbers to the right.
---@param header string[] names of the columns
---@param rows string[][] the cells
---@return string # lines
function rho.text.table(header, rows) end

---Seconds on a steady clock, for measuring speed. Results must not depend on it.
---@return number # seconds since some fixed moment
function rho.time() end

---One token per byte, and <|endoftext|>.
---@return Tokenizer # the tokenizer
function rho.tokenizer.bytes() end

---A tokenizer.json file, or the one in a directory.
---@param path string file or directory
---@return Tokenizer # the tokenizer
function rho.tokenizer.load(path) end

---Byte-level byte-pair encoding learnt from text; the same text gives the same tokenizer.
---@param options TrainBpeOptions text and size
---@return Tokenizer # the tokenizer
function rho.tokenizer.train_bpe(options) end

---Trains a copy of a model on a corpus and returns the run. The loop is stdlib-lua/rho/train.lua: losses, weights of the selection policy, backward, AdamW. The same seed gives the same initial weights and the same batches whatever the policy. A training that was done before with the same options, data and code is found again instead of being done.
---@param options rho.train.options see below
---@return rho.Run # fields: model, history, final, watched, tokens, selected, compute, precision, recall
function rho.train(options) end

---Calls fn(...) recording history, also where a policy or rho.no_grad had switched it off: for training another model on the side.
---@param fn function the function
---@param ... any
---@return any # what fn returns
function rho.with_grad(fn, ...) end

---Floating-point operations of model:loss, model:forward, model:logits and model:attention so far; a pass that records a gradient counts its backward pass. Take the difference of two calls.
---@return number # operations
function rho.work() end

return rho
