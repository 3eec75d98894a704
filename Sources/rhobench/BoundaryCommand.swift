import ArgumentParser
import LuaRuntime
import RhoBindings
import RhoCore
import RhoKernels

/// What Lua costs: a call into Swift, and a policy written in Lua as a share of a training step.
struct BoundaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lua", abstract: "The cost of a call from Lua into Swift, and of a policy written in Lua.")

    @Option(help: "Calls per measurement.")
    var calls = 1_000_000

    @Option(help: "Measured runs of each kind of call.")
    var runs = 7

    @Option(help: "Steps of each policy.")
    var steps = 20

    @Option(help: "Shapes whose steps the policies are measured in: nano, micro or mini.")
    var shapes: [BenchShape] = [.nano, .micro]

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let calls = try CallBench(count: calls, runs: runs).rows()
        var policies: [PolicyBench.Row] = []
        for shape in shapes { policies += try PolicyBench(shape: shape, steps: steps).rows() }
        if common.json {
            let result: JSON = [
                "calls": .object(JSONObject(calls.map { ($0.name, $0.json) })),
                "policies": .array(policies.map(\.json)),
                "threads": JSON(Parallel.threadCount), "processor": JSON(Processor.description),
            ]
            print(result.serialized())
        } else {
            print(markdown(["call", "ns (lowest-highest)"], calls.map { [$0.name, $0.text] }))
            print("")
            print(
                markdown(
                    ["shape", "policy", "weights, ms", "step, ms", "share of a step"], policies.map(\.cells)))
        }
    }
}

/// Calls from a Lua loop into functions that do next to nothing.
private struct CallBench {
    let count: Int
    let runs: Int

    struct Row {
        let name: String
        let timings: Timings
        let count: Int

        private func nanoseconds(_ seconds: Double) -> Double { seconds / Double(count) * 1e9 }

        var json: JSON {
            [
                "ns": JSON(nanoseconds(timings.median)), "min": JSON(nanoseconds(timings.minimum)),
                "max": JSON(nanoseconds(timings.maximum)),
            ]
        }

        var text: String {
            let (low, high) = (nanoseconds(timings.minimum), nanoseconds(timings.maximum))
            return "\(Rates.short(nanoseconds(timings.median))) (\(Rates.short(low))-\(Rates.short(high)))"
        }
    }

    /// Name and body of each loop; `bench` and `object` are there, and `i` counts.
    private static let bodies = [
        ("empty loop", ""), ("math.floor (Lua's own)", "floor(i)"), ("function of a number", "add(i)"),
        ("function of a text", "length('hen')"), ("function with an option table", "options { width = i }"),
        ("method", "object:next()"), ("property", "local _ = object.value"),
        ("error, caught", "pcall(fail)"),
    ]

    func rows() throws -> [Row] {
        let state = try LuaState(.init())
        try state.register(Self.module)
        return try Self.bodies.map { name, body in
            let source = """
                local bench = require "bench"
                local floor, pcall = math.floor, pcall
                local add, length, options, fail = bench.add, bench.length, bench.options, bench.fail
                local object = bench.counter()
                return function(n) for i = 1, n do \(body) end end
                """
            guard case .function(let loop)? = try state.run(source: source, chunkName: "bench").first else {
                throw RhoError(.internal, "the loop '\(name)' is no function")
            }
            // An error is fifty times as dear as a call.
            let count = name.hasPrefix("error") ? max(1, self.count / 20) : self.count
            return Row(
                name: name, timings: try Timings(runs: runs) { _ = try loop.call([.integer(count)]) }, count: count)
        }
    }

    private final class Counter {
        var value = 0
    }

    private static let optionsRecord = LuaRecord(
        "BenchOptions", [LuaField("width", .integer(min: 1), required: true, doc: "width")])

    private static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "bench", doc: "Functions that do next to nothing, to be timed.",
            functions: [
                LuaFunctionDeclaration(
                    "bench.add", doc: "Adds one.", parameters: [LuaField("x", .number(), required: true, doc: "x")],
                    returns: [LuaResult(.number())]
                ) { call in [.number(try call.double("x") + 1)] },
                LuaFunctionDeclaration(
                    "bench.length", doc: "Bytes of a text.",
                    parameters: [LuaField("text", .string, required: true, doc: "text")],
                    returns: [LuaResult(.integer())]
                ) { call in [.integer(try call.bytes("text").count)] },
                LuaFunctionDeclaration(
                    "bench.options", doc: "Reads an option.",
                    parameters: [LuaField("options", .options(optionsRecord.name), required: true, doc: "options")],
                    returns: [LuaResult(.integer())]
                ) { call in [.integer(try call.options("options").int("width"))] },
                LuaFunctionDeclaration("bench.fail", doc: "Throws.") { _ in throw RhoError(.value, "no") },
                LuaFunctionDeclaration(
                    "bench.counter", doc: "Makes a counter.", returns: [LuaResult(.object("Counter"))]
                ) { _ in [.object(Counter(), class: "Counter")] },
            ],
            classes: [
                LuaClassDeclaration<Counter>(
                    "Counter", doc: "Counts.",
                    methods: [
                        LuaMethod("next", doc: "Counts on.", returns: [LuaResult(.integer())]) { counter, _ in
                            counter.value += 1
                            return [.integer(counter.value)]
                        }
                    ],
                    properties: [LuaProperty("value", .integer(), doc: "The count.") { .integer($0.value) }],
                    describe: { "counter at \($0.value)" })
            ], records: [optionsRecord])
    }
}

/// Training steps under policies of the engine and under one written in Lua. The vocabulary is that of bytes, so the
/// step is cheaper than the shape's own and the shares are if anything too high.
private struct PolicyBench {
    let shape: BenchShape
    let steps: Int

    struct Row {
        let shape: String
        let policy: String
        let weights: Double
        let step: Double

        var json: JSON {
            [
                "shape": JSON(shape), "policy": JSON(policy), "weights_ms": JSON(weights * 1e3),
                "step_ms": JSON(step * 1e3), "share": JSON(weights / step),
            ]
        }

        var cells: [String] {
            [
                shape, policy, Rates.short(weights * 1e3), Rates.short(step * 1e3),
                "\(Rates.short(weights / step * 100)) %",
            ]
        }
    }

    /// Returns for each policy the median seconds that `policy:weights` takes and those of a whole step.
    private static let script = """
        local rho = require "rho"
        local function median(t) table.sort(t); return t[#t // 2 + 1] end
        return function(o)
          local tok = rho.tokenizer.bytes()
          local data = rho.data.documents { function(i)
            return ("%d hens and %d pigs make %d animals.\\n"):format(i, i * 7 % 101, i + i * 7 % 101)
          end, count = 2000 }
          local model = rho.model.llama {
            tokenizer = tok, dim = o.dim, layers = o.layers, heads = o.heads, kv_heads = o.kv_heads, ff = o.ff,
            context = o.context, seed = 0,
          }
          local scores = rho.score { reference = model, data = data, context = o.context }
          local s = rho.select
          local policies = {
            { "all", s.all {} },
            { "excess_loss of the engine", s.excess_loss { scores = scores, keep = 0.6 } },
            { "the same written in Lua", s.policy { scores = scores, weights = function(t)
                local excess = t.loss - t.reference_loss
                return excess:ge(excess:quantile(0.4))
              end } },
          }
          local loader = rho.loader { data = data, tokenizer = tok, batch = o.batch, context = o.context }
          local optimiser = rho.optim.adamw { model = model }
          local found = {}
          for i, entry in ipairs(policies) do
            local name, policy = entry[1], entry[2]
            local inside, whole = {}, {}
            for batch in loader:steps(o.steps + 2) do
              local start = rho.time()
              local losses = model:loss(batch, policy)
              local before = rho.time()
              local weights, total = policy:weights(batch, losses, 0.5)
              local after = rho.time()
              ;((losses * weights):sum() / total):backward()
              optimiser:step { lr = 1e-4, clip = 1 }
              if batch.step > 2 then
                inside[#inside + 1], whole[#whole + 1] = after - before, rho.time() - start
              end
            end
            found[i] = { name, median(inside), median(whole) }
          end
          return found
        end
        """

    func rows() throws -> [Row] {
        let directory = try WorkDirectory()
        var options = HostOptions()
        options.cacheDirectory = directory.path
        options.progress = "none"
        let host = try ScriptHost(options)
        guard case .function(let body)? = try host.state.run(source: Self.script, chunkName: "bench").first else {
            throw RhoError(.internal, "the policy script gives no function")
        }
        let config = try shape.config()
        let arguments = LuaValue.record([
            ("dim", .integer(config.dim)), ("layers", .integer(config.layers)),
            ("heads", .integer(config.heads)), ("kv_heads", .integer(config.kvHeads)),
            ("ff", .integer(config.ffWidth)), ("context", .integer(shape.grid.tokens)),
            ("batch", .integer(shape.grid.rows)), ("steps", .integer(steps)),
        ])
        let found = try body.call([arguments]).first?.tableValue?.deepValue().listValue ?? []
        return try found.map { entry in
            let cells = entry.listValue ?? []
            guard cells.count == 3, let name = cells[0].stringValue, let weights = cells[1].doubleValue,
                let step = cells[2].doubleValue
            else { throw RhoError(.internal, "the policy script gave no timings") }
            return Row(shape: shape.rawValue, policy: name, weights: weights, step: step)
        }
    }
}
