import LuaRuntime
import RhoCore
import Testing

@Suite struct SandboxTests {
    @Test func onlyHarmlessLibrariesAreThere() throws {
        let bench = try Bench(sandbox: LuaSandbox())
        let names = [
            "io", "package", "dofile", "loadfile", "os.execute", "os.remove", "os.getenv", "os.tmpname",
            "debug.sethook",
            "debug.getinfo", "string.dump",
        ]
        for name in names {
            let parts = name.split(separator: ".")
            let source =
                parts.count == 1
                ? "return rawget(_G, '\(name)')" : "return rawget(rawget(_G, '\(parts[0])') or {}, '\(parts[1])')"
            #expect(describe(try bench.run(source)) == "nil", "\(name)")
        }
        #expect(bench.failure("require 'io'").contains("module 'io' not found"))
        #expect(
            describe(try bench.run("return #os.date() > 0, type(debug.traceback()), math.max(1, 2)")) == "true string 2"
        )
        #expect(describe(try bench.run("return load('return 1')(), (load('\\27Lua'))")) == "1 nil")
        #expect(describe(try bench.run("return load('return x', 'c', 'bt', { x = 5 })()")) == "5")
        #expect(bench.error("os.exit(2)")?.exitCode == 2)
        #expect(describe(try bench.run("return require 't'.add(1)")) == "2")
    }

    @Test func modulesStayUnderTheRoot() throws {
        let folder = try ScratchFolder()
        _ = try folder.write("outside.lua", "return 1")
        _ = try folder.write("in/ok.lua", "return 2")
        let main = try folder.write("in/main.lua", "return require 'ok'")
        let bench = try Bench(sandbox: LuaSandbox(roots: [folder.path + "/in"]))
        #expect(describe(try bench.state.run(file: main)) == "2")
        #expect(bench.failure("require '..outside'").contains("words joined by dots"))
    }

    @Test func memoryIsCapped() throws {
        let bench = try Bench(sandbox: LuaSandbox(memoryLimit: 32 << 20))
        let growing = "local t = {} while true do pcall(function() for i = 1, 1e9 do t[#t + 1] = 'x' .. i end end) end"
        let error = try #require(bench.error(growing))
        #expect(error.code == .memory)
        #expect(error.message == "the script needs more memory than its limit of 32 MiB")
        #expect(bench.state.memory.heap < 48 << 20)
        bench.state.collectGarbage()
        #expect(bench.error("return ('x'):rep(1 << 30)")?.code == .memory)
        bench.state.collectGarbage()
        // Garbage alone is no reason to stop.
        #expect(describe(try bench.run("for i = 1, 200 do local s = ('x'):rep(1 << 20) end return 1")) == "1")
    }

    @Test func timeIsCapped() throws {
        let bench = try Bench(sandbox: LuaSandbox(seconds: 0.1))
        #expect(
            bench.failure("while true do pcall(function() while true do end end) end")
                == "x.lua:1: the script has used up its time limit")
        #expect(
            bench.failure("coroutine.wrap(function() while true do end end)()")
                == "x.lua:1: the script has used up its time limit")
        #expect(describe(try bench.run("return 1")) == "1")
        let counted = try Bench(sandbox: LuaSandbox(instructions: 100_000))
        #expect(counted.error("for i = 1, 1e9 do end")?.code == .interrupted)
        #expect(describe(try counted.run("for i = 1, 1000 do end return 1")) == "1")
    }
}
