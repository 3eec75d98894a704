import LuaRuntime
import RhoBindings
import RhoCheckpoint
import RhoCore
import RhoModels
import RhoText

/// One Lua state with an object of most classes, and the means to call everything in it.
final class LuaStage {
    private let host: ScriptHost
    private let catalog: LuaCatalog
    private let functions: [(LuaCatalog.Function, LuaFunction)]
    private let callMethod: LuaFunction
    private let operate: LuaFunction
    private var pool: [String: [LuaValue]] = [:]
    private let misbehaving: [LuaValue]
    private static let poolSize = 6

    init() throws {
        var options = HostOptions()
        options.cacheDirectory = "cache"
        options.quiet = true
        options.progress = "none"
        host = try ScriptHost(options, output: { _ in })
        host.session.isSandboxed = true
        host.state.installInterruptHandler(graceSeconds: 2)
        _ = try host.state.require("rho")
        catalog = host.state.catalog
        let made = try host.state.run(source: Self.setup, chunkName: "stage.lua")
        guard made.count > 4, let find = made[0].functionValue, let call = made[1].functionValue,
            let operate = made[2].functionValue
        else { throw RhoError(.internal, "the stage's script is not what was expected") }
        callMethod = call
        self.operate = operate
        misbehaving = made[3].tableValue.flatMap { try? $0.entries().map(\.value) } ?? []
        var functions: [(LuaCatalog.Function, LuaFunction)] = []
        // An open section would keep the watchdog's interrupt from native loops, as it is meant to.
        for function in catalog.functions where function.name != "rho.run.graceful" {
            if let found = try find.call([.string(function.name)]).first?.functionValue {
                functions.append((function, found))
            }
        }
        self.functions = functions
        for value in made.dropFirst(4) { keep(value, FuzzRandom(seed: 1, index: 0)) }
    }

    /// Small files of every kind that scripts read.
    static func writeFiles(_ folder: String) throws {
        try Files.writeAtomically("\(folder)/data.jsonl", "{\"text\": \"a b c\", \"n\": 1}\n{\"text\": \"d\"}\n")
        try Files.writeAtomically("\(folder)/bad.jsonl", "{\"text\": \"a\"}\n{\"text\": \n")
        try Files.writeAtomically("\(folder)/text.txt", "One paragraph.\n\n\nAnother.\n")
        let tokenizer = ByteTokenizer()
        try Files.writeAtomically("\(folder)/tokenizer.json", tokenizer.tokenizerJSON())
        try HFCheckpoint.save(TinyModel.make(), tokenizer: tokenizer, to: "\(folder)/model", type: .f32)
    }

    /// One call of something.
    func shoot(_ seed: UInt64) throws {
        var random = FuzzRandom(seed: seed, index: 0)
        var maker = LuaArgumentMaker(catalog: catalog, random: random, pool: pool, functions: misbehaving)
        let classes = catalog.classes.filter { !(pool[$0.name] ?? []).isEmpty }
        let results: [LuaValue]
        switch random.below(8) {
        case 0:
            results = try operate.call([.integer(random.below(16)), maker.junk(depth: 0), maker.junk(depth: 0)])
        case 1...3 where !classes.isEmpty:
            let type = random.pick(classes)
            let object = random.pick(pool[type.name] ?? [])
            if random.chance(6), let property = type.properties.first {
                results = try callMethod.call([object, .string(property.name)])
            } else if type.methods.isEmpty {
                return
            } else {
                let method = random.pick(type.methods)
                let name = method.name.split(separator: ":").last.map(String.init) ?? method.name
                let arguments = maker.arguments(method.parameters, variadic: method.variadic)
                results = try callMethod.call([object, .string(name)] + arguments)
            }
        default:
            let (declaration, function) = random.pick(functions)
            results = try function.call(maker.arguments(declaration.parameters, variadic: declaration.variadic))
        }
        for result in results { keep(result, random) }
        if random.chance(50) { host.state.collectGarbage() }
    }

    private func keep(_ value: LuaValue, _ random: FuzzRandom) {
        guard case .object(_, let name) = value else { return }
        var random = random
        var known = pool[name] ?? []
        if known.count < Self.poolSize { known.append(value) } else { known[random.below(known.count)] = value }
        pool[name] = known
    }

    private static let setup = #"""
        local rho = require "rho"
        local native = require "rho.native"
        local function find(name)
          for _, root in ipairs { rho, native, { declare = require("rho.host").declare } } do
            local value = root
            for part in name:gmatch("[^.]+") do
              if part ~= "rho" then value = type(value) == "table" and rawget(value, part) or nil end
            end
            if type(value) == "function" then return value end
          end
        end
        local function method(object, name, ...)
          local member = object[name]
          if type(member) ~= "function" then return member end
          return member(object, ...)
        end
        local operators = {
          function(a, b) return a + b end, function(a, b) return a - b end, function(a, b) return a * b end,
          function(a, b) return a / b end, function(a, b) return a ^ b end, function(a, b) return a % b end,
          function(a, b) return a // b end, function(a, b) return a .. b end, function(a, b) return a == b end,
          function(a, b) return a < b end, function(a, b) return a & b end, function(a, b) return a | b end,
          function(a) return -a end, function(a) return #a end, function(a, b) return a(b) end,
          function(a, b) return a[b] end,
        }
        local function operate(which, a, b) return operators[which + 1](a, b) end
        local misbehaving = {
          function(...) return ... end, function() error("on purpose") end, function() error({}) end, function() end,
          function() return 1, 2, 3 end, function() coroutine.yield(1) end, function(x) return { x, x } end,
          function() return 0 / 0 end, function() return true end, function(t) return t.loss end, function() return "x" end,
          function() return setmetatable({}, { __index = function() error("index") end }) end,
        }
        local tokenizer = rho.tokenizer.bytes()
        local corpus = rho.data.generate { documents = 8, seed = 1 }
        local noisy = rho.data.generate { kind = "noisy", documents = 8, seed = 2 }
        local model = rho.model.llama { tokenizer = tokenizer, dim = 8, layers = 1, heads = 2, context = 8, seed = 1 }
        local gpt2 = rho.model.gpt2 { tokenizer = tokenizer, dim = 8, layers = 1, heads = 2, context = 8, seed = 1 }
        local run = native.run.open { experiment = "fuzz", params = {} }
        require("rho.context").start(run, { progress = "none", json = false, quiet = true })
        local scores = rho.score { reference = model, data = noisy, context = 8 }
        local loader = rho.loader { data = noisy, tokenizer = tokenizer, batch = 2, context = 8, seed = 1 }
        local batch = loader:batch(1)
        local x = rho.tensor.zeros { 2, 8 }
        return find, method, operate, misbehaving, tokenizer, corpus, noisy, model, gpt2, run, run:arm("a"), scores, loader,
          batch, x, rho.tensor.from({ 1, 2, 3 }), model:loss(batch), rho.select.excess_loss { scores = scores, keep = 0.5 },
          rho.select.random { keep = 0.5 }, rho.select.loss, rho.select.top(0.5), rho.optim.adamw { model = model },
          rho.optim.cosine { peak = 1, warmup = 1, steps = 10 }
        """#
}
