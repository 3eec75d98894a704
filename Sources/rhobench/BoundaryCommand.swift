import ArgumentParser
import LuaRuntime
import RhoCore

/// What a call from Lua into Swift costs.
struct BoundaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lua", abstract: "The cost of a call from Lua into Swift.")

    @Option(help: "Calls per measurement.")
    var calls = 1_000_000

    @OptionGroup var common: CommonOptions

    func run() throws {
        let state = try LuaState(.init())
        try state.register(
            LuaModuleDeclaration(
                "bench", doc: "Functions that do nothing, to be timed.",
                functions: [
                    LuaFunctionDeclaration(
                        "bench.add", doc: "Adds one.", parameters: [LuaField("x", .number(), required: true, doc: "x")],
                        returns: [LuaResult(.number())]
                    ) { call in [.number(try call.double("x") + 1)] }
                ]))
        let loop = """
            local f = ...
            return function(n) for i = 1, n do f(i) end end
            """
        func seconds(_ callee: String) throws -> Double {
            let source = "local bench = require 'bench'; local make = function(...) \(loop) end; return make(\(callee))"
            guard case .function(let body)? = try state.run(source: source, chunkName: "bench").first else { return 0 }
            let timings = try Timings(runs: 5) { _ = try body.call([.integer(calls)]) }
            return timings.median / Double(calls)
        }
        let result: JSONObject = [
            "swift_call_ns": .number(try seconds("bench.add") * 1e9),
            "lua_builtin_ns": .number(try seconds("math.floor") * 1e9),
        ]
        print(JSON.object(result).serialized(pretty: !common.json))
    }
}
