import LuaRuntime
import RhoCore
import Testing

/// Native functions under calls that nobody meant: every outcome is a result or an error value, never a crash or a leak.
@Suite struct JunkTests {
    @Test(arguments: [1, 2, 3])
    func junkArgumentsEndInErrors(seed: UInt64) throws {
        let bench = try Bench(seed: seed)
        let counts = try bench.run(
            """
            local t, host = require "t", require "rho.host"
            local functions = {}
            local function collect(from)
              for _, f in pairs(from) do if type(f) == "function" then functions[#functions + 1] = f end end
            end
            collect(t) collect(host) collect { print, require, dofile, loadfile, pairs, next, xpcall, table.sort }
            local object = t.thing(1)
            collect { object.plus, object.get, object.same, object.snap, object.release }
            local function junk(level)
              local kind = math.random(16)
              if kind == 1 then return nil end
              if kind == 2 then return math.random(-3, 3) end
              if kind == 3 then return math.random() * 10 ^ math.random(-9, 40) end
              if kind == 4 then return 0 / 0 end
              if kind == 5 then return math.mininteger end
              if kind == 6 then return ("\\xff\\0x"):rep(math.random(0, 40)) end
              if kind == 7 then return "keep" end
              if kind == 8 then return t.thing(math.random(9)) end
              if kind == 9 then return object end
              if kind == 10 then return coroutine.create(print) end
              if kind == 11 then return io.stdout end
              if kind == 12 then return functions[math.random(#functions)] end
              if kind == 13 then return math.random() < 0.5 end
              if kind == 14 then return select(2, debug.getupvalue(t.add, 1)) end
              local result = {}
              if level < 4 then
                for i = 1, math.random(0, 4) do
                  local key = math.random() < 0.5 and i or junk(level + 1)
                  if key ~= nil and key == key then result[key] = junk(level + 1) end
                end
              end
              if kind == 15 then result.self = result end
              if math.random() < 0.2 then
                setmetatable(result, { __name = junk(level + 1), __tostring = junk(level + 1), __index = junk(level + 1) })
              end
              return result
            end
            local good, bad = 0, 0
            local function shoot()
              local f = functions[math.random(#functions)]
              local ok, e = pcall(f, junk(1), junk(1), junk(1))
              if ok then good = good + 1 else
                bad = bad + 1
                local shown, text = pcall(tostring, e)
              end
            end
            for round = 1, 3000 do
              shoot()
              if round % 10 == 0 then coroutine.wrap(shoot)() end
              if round % 500 == 0 then object:release() object = t.thing(2) collectgarbage() end
            end
            return good, bad
            """)
        #expect((counts[0].intValue ?? 0) + (counts[1].intValue ?? 0) == 3300)
        bench.state.collectGarbage()
        bench.state.collectGarbage()
        #expect(describe(try bench.run("return 1 + 1")) == "2")
    }

    @Test func operatorsOnJunkEndInErrors() throws {
        let bench = try Bench()
        try bench.run(
            """
            local t = require "t"
            local a = t.thing(1)
            local operands = { 1, "x", true, {}, print, a, coroutine.create(print), io.stdout }
            local operators = {
              function(x, y) return x + y end, function(x, y) return x * y end, function(x, y) return x .. y end,
              function(x, y) return x < y end, function(x, y) return x == y end, function(x) return -x end,
              function(x) return #x end, function(x, y) return x(y) end, function(x, y) return x[y] end,
              function(x, y) x[y] = y end, function(x, y) return x:plus(y) end, function(x, y) return x.plus(y) end,
            }
            for round = 1, 2 do
              for _, x in ipairs(operands) do
                for _, y in ipairs(operands) do
                  for _, f in ipairs(operators) do pcall(f, x, y) pcall(f, y, x) end
                end
              end
              a:release()
            end
            """)
    }
}
