import LuaRuntime
import RhoCore
import Testing

@Suite struct RequireTests {
    @Test func filesBesideTheScriptAreFoundAndRecorded() throws {
        let folder = try ScratchFolder()
        _ = try folder.write("lib/tools.lua", "loads = (rawget(_G, 'loads') or 0)\nreturn { name = ... }")
        _ = try folder.write("util.lua", "return { twice = function(x) return 2 * x end }")
        _ = try folder.write("pack/init.lua", "return 'packed'")
        _ = try folder.write("broken.lua", "local x =\n\n")
        _ = try folder.write("failing.lua", "\nerror('while loading')")
        _ = try folder.write("a.lua", "return require 'b'")
        _ = try folder.write("b.lua", "return require 'a'")
        let main = try folder.write(
            "main.lua",
            "local u = require 'util' assert(u == require 'util') "
                + "return u.twice(4), require 'pack', require 'math' == math"
        )
        let bench = try Bench()
        #expect(describe(try bench.state.run(file: main)) == "8 packed true")
        #expect(
            bench.state.loadedFiles.map(\.path) == [main, folder.path + "/util.lua", folder.path + "/pack/init.lua"])
        #expect(String(decoding: bench.state.loadedFiles[0].bytes, as: UTF8.self).hasPrefix("local u"))

        #expect(bench.failure("require 'broken'") == "\(folder.path)/broken.lua:3: unexpected symbol near <eof>")
        #expect(bench.failure("require 'failing'") == "\(folder.path)/failing.lua:2: while loading")
        #expect(bench.failure("require 'a'").contains("modules require each other in a circle: a -> b -> a"))
        #expect(bench.failure("require 'lib.tools'").contains("assignment to the undefined global 'loads'"))
        #expect(bench.failure("require '../main'").contains("module names are words joined by dots"))
        #expect(bench.failure("require(5)") == "x.lua:1: require: the module name must be a string, got 5")
        let missing = try #require(bench.error("require 'rho.hots'"))
        #expect("\(missing)" == "x.lua:1: require: module 'rho.hots' not found (did you mean 'rho.host'?)")
        #expect(missing.hint?.hasPrefix("looked for \(folder.path)/rho/hots.lua") == true)
    }

    @Test func embeddedModulesShowTheirOwnNames() throws {
        let bench = try Bench()
        bench.state.addLibrary(name: "rho.train", source: "\n\nlocal x = = 1")
        #expect(bench.failure("require 'rho.train'") == "rho/train.lua:3: unexpected symbol near '='")
    }

    @Test func theHostRequiresToo() throws {
        let bench = try Bench()
        #expect(try bench.state.require("t").tableValue?.get("answer").intValue == 42)
        #expect(throws: LuaError.self) { try bench.state.require("none") }
    }

    @Test func filesRunByDofileAreRecorded() throws {
        let folder = try ScratchFolder()
        let path = try folder.write("data.lua", "return 5, ...")
        let bench = try Bench()
        #expect(describe(try bench.run("return dofile('\(path)'), loadfile('\(path)')(6)")) == "5 5 6")
        #expect(bench.state.loadedFiles.count == 2)
        #expect(describe(try bench.run("return select('#', loadfile('none.lua'))")) == "2")
        #expect(bench.error("dofile('none.lua')")?.code == .io)
    }
}
