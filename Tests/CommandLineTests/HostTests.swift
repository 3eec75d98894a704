import RhoCore
import Testing

extension CommandLineTests {
    /// What scripts may rely on, through the real program: memory, errors, order, randomness.
    @Suite(.serialized) struct HostPromises {
        let program: Program

        init() throws { program = try Program() }

        private func lines(_ body: String, _ flags: String...) throws -> [String] {
            try program.write(
                "x.lua",
                "local rho = require \"rho\"\n\(body)\nreturn rho.experiment { name = \"x\", params = { seed = 1 }, run = function() end }\n"
            )
            let outcome = try program.run(["x.lua"] + flags)
            #expect(outcome.status == 0, "\(outcome.err)")
            return outcome.out.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("run directory") }
        }

        /// Tensors of a megabyte, filled and dropped: Lua's collector knows what they weigh.
        @Test func droppedTensorsAreTakenBack() throws {
            // As many as take less than ten seconds.
            let count = Crashes.isLong ? 50_000 : 40_000
            let found = try lines(
                """
                for i = 1, \(count) do local t = rho.tensor.full({ 512, 512 }, i) end
                local most
                for line in io.lines("/proc/self/status") do most = most or line:match("^VmHWM:%s+(%d+) kB") end
                print(rho.memory().peak < 200e6, rho.memory().held < 200e6, tonumber(most) * 1024 < 200e6)
                for i = 1, 500 do local t <close> = rho.tensor.zeros { 512, 512 } end
                collectgarbage() collectgarbage()
                print(rho.memory().tensors)
                """)
            #expect(found == ["true\ttrue\ttrue", "0"])
        }

        /// 100,000 errors thrown by native functions and by Lua, on every way out of a call.
        @Test func thrownErrorsLeakNothing() throws {
            let found = try lines(
                """
                local t = rho.tensor.zeros { 2, 3 }
                local u = rho.tensor.zeros { 5 }
                local meta = setmetatable({}, { __add = function(a, b) return t + u end, __index = function() return t:sum(9) end })
                local function all()
                  pcall(function() local x = t + 1; return x + u end)
                  pcall(rho.tensor.zeros, { -1 })
                  pcall(function() return meta + 1 end)
                  pcall(function() return meta.x end)
                  pcall(function() local c <close> = rho.tensor.zeros { 4 }; error("on purpose") end)
                  pcall(function() local c <close> = setmetatable({}, { __close = function() return t + u end }) end)
                  coroutine.resume(coroutine.create(function() local x = t * 2; return x + u end))
                  pcall(coroutine.wrap(function() coroutine.yield(); rho.select.top(60) end))
                  xpcall(function() return t + u end, function(e) return tostring(e) end)
                  setmetatable({}, { __gc = function() return t + u end })
                end
                local function live()
                  collectgarbage() collectgarbage()
                  local m = rho.memory()
                  return m.objects, m.tensors, m.lua
                end
                for i = 1, 100 do all() end
                local objects, tensors, heap = live()
                for i = 1, 10000 do all() end
                local objects_after, tensors_after, heap_after = live()
                print(objects_after - objects, tensors_after - tensors, heap_after - heap < 64 * 1024)
                """)
            #expect(found == ["0\t0\ttrue"])
        }

        @Test func releasedObjectsCannotBeUsed() throws {
            let found = try lines(
                """
                local t = rho.tensor.zeros { 2 }
                t:release()
                t:release()
                print(pcall(t.sum, t))
                print(pcall(function() return t + 1 end))
                print(t)
                local kept
                do local c <close> = rho.tensor.zeros { 3 } kept = c end
                print(pcall(kept.sum, kept))
                """)
            #expect(found.count == 4)
            #expect(found[0] == "false\tx.lua:5: Tensor was released at x.lua:3", "\(found[0])")
            #expect(found[1].hasSuffix("Tensor was released at x.lua:3"), "\(found[1])")
            #expect(found[2] == "Tensor (released)")
            #expect(found[3].contains("Tensor was released at x.lua:9"), "\(found[3])")
        }

        @Test func orderAndRandomnessAreThoseOfTheSeed() throws {
            let body = """
                local t = { 3, z = 1, a = 2, [2.5] = 0, [true] = 1, [print] = 2, [{}] = 3, [-1] = 4 }
                local keys = {}
                for key in pairs(t) do keys[#keys + 1] = type(key) == "table" and "table" or type(key) == "function" and "function" or tostring(key) end
                print(table.concat(keys, " "))
                print(math.random(1000000), math.random())
                """
            let first = try lines(body, "--seed", "5")
            #expect(first[0] == "-1 1 2.5 a z true function table", "\(first[0])")
            #expect(try lines(body, "--seed", "5") == first)
            #expect(try lines(body, "--seed", "6")[1] != first[1])
        }
    }
}
