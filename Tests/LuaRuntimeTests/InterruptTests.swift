import Foundation
import LuaRuntime
import RhoCore
import Testing

/// Sends a signal to this process after a while, from another thread.
private func raiseLater(_ signal: Int32, after seconds: Double) {
    Thread.detachNewThread {
        Thread.sleep(forTimeInterval: seconds)
        // Here, not on the thread that runs Lua: the handler has to send it on.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(signal)
    }
}

/// Ends the process with a code that tells a hang from a failure.
private func watchdog(_ seconds: Double = 20) {
    Thread.detachNewThread {
        Thread.sleep(forTimeInterval: seconds)
        _exit(99)
    }
}

/// Runs a script under the interrupt handler and exits with 0 if it ended as expected, otherwise with 1.
private func runInterrupted(_ source: String, signal: Int32 = SIGINT, expect: (LuaError, Bench) -> Bool) {
    watchdog()
    guard let bench = try? Bench() else { exit(2) }
    bench.state.installInterruptHandler()
    raiseLater(signal, after: 0.1)
    guard let error = bench.error(source) else { exit(3) }
    let good = error.code == .interrupted && LuaState.interruptSignal == signal && expect(error, bench)
    if !good { print("ended with \(error.code): \(error), printed \(bench.printed)") }
    exit(good ? 0 : 1)
}

/// Each in a process of its own, since signals belong to the process.
@Suite struct InterruptTests {
    @Test func plainLoop() async {
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted("while true do end") { error, _ in "\(error)" == "x.lua:1: interrupted (Ctrl-C)" }
        }
    }

    @Test func coroutine() async {
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted(
                "local co = coroutine.create(function() while true do end end) coroutine.resume(co)\nprint('on')"
            ) {
                error, bench in bench.printed.isEmpty
            }
        }
    }

    @Test func protectedLoops() async {
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted("local function loop() while true do end end while true do pcall(loop) end") { _, _ in true }
        }
    }

    @Test func recursiveProtectedCalls() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                local function f(n) if n == 0 then while true do end end pcall(f, n - 1) xpcall(f, print, n - 1) end
                while true do f(10) end
                """
            runInterrupted(source) { _, bench in bench.printed.isEmpty }
        }
    }

    @Test func coroutinesInProtectedCalls() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                while true do
                  pcall(function()
                    local step = coroutine.wrap(function() while true do coroutine.yield() end end)
                    while true do step() end
                  end)
                  coroutine.resume(coroutine.create(function() for i = 1, 1000 do end end))
                end
                """
            runInterrupted(source) { _, _ in true }
        }
    }

    @Test func callbacksFromSwift() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = "local t = require 't' while true do t.try(function() while true do end end) end"
            runInterrupted(source) { _, _ in true }
        }
    }

    @Test func nativeCodeThatMakesAnotherErrorOfIt() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                local t = require 't'
                while true do pcall(t.wrap, function() while true do end end) end
                """
            runInterrupted(source) { _, _ in true }
        }
    }

    @Test func tightCallsIntoSwift() async {
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted("local t = require 't' while true do pcall(t.fail) t.add(1) end") { _, _ in true }
        }
    }

    @Test func variablesAreClosedOnTheWay() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                local log <close> = setmetatable({}, { __close = function()
                  local n = 0
                  for i = 1, 1000 do n = n + 1 end
                  print("closed", n)
                end })
                pcall(function()
                  local thing <close> = require 't'.thing(1)
                  while true do end
                end)
                print("not reached")
                """
            runInterrupted(source) { _, bench in bench.printed == "closed\t1000\n" && bench.ledger.released == 1 }
        }
    }

    @Test func closersThatNeverEndAreStopped() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                local log <close> = setmetatable({}, { __close = function() while true do end end })
                while true do end
                """
            runInterrupted(source) { _, _ in true }
        }
    }

    @Test func otherSignalsAreRecorded() async {
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted("while true do end", signal: SIGTERM) { error, _ in error.message == "interrupted by SIGTERM"
            }
        }
        await #expect(processExitsWith: .exitCode(0)) {
            runInterrupted("while true do end", signal: SIGUSR1) { error, _ in error.message == "interrupted by SIGUSR1"
            }
        }
    }

    @Test func theSecondOneKills() async {
        await #expect(processExitsWith: .signal(SIGINT)) {
            watchdog()
            let bench = try Bench()
            bench.state.installInterruptHandler()
            raiseLater(SIGINT, after: 0.1)
            raiseLater(SIGINT, after: 0.3)
            // One C call that takes ages: no instruction of Lua's runs, so the first signal waits.
            _ = bench.error("return ('a'):rep(40):find(('a*'):rep(25) .. 'b')")
            exit(1)
        }
    }

    @Test func gracefulLoopsEndByThemselves() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let source = """
                local host = require "rho.host"
                local steps = host.graceful(function()
                  local n = 0
                  while not host.interrupted() do n = n + 1 end
                  for i = 1, 1000000 do end
                  print("saved")
                  return n
                end)
                print("not reached")
                """
            runInterrupted(source) { _, bench in bench.printed == "saved\n" }
        }
    }

    @Test func gracefulLoopsThatDoNotReactAreStopped() async {
        await #expect(processExitsWith: .exitCode(0)) {
            watchdog()
            let bench = try Bench()
            bench.state.installInterruptHandler(graceSeconds: 1)
            raiseLater(SIGINT, after: 0.1)
            let error = bench.error("require 'rho.host'.graceful(function() while true do end end)")
            exit(error?.code == .interrupted ? 0 : 1)
        }
    }

    @Test func aPromptGoesOnAfterwards() async {
        await #expect(processExitsWith: .exitCode(0)) {
            watchdog()
            let bench = try Bench()
            bench.state.installInterruptHandler()
            for round in 0..<3 {
                raiseLater(SIGINT, after: 0.1)
                guard bench.error("while true do end")?.code == .interrupted else { exit(1) }
                guard LuaState.interruptRequested else { exit(2) }
                // Until it is cleared, nothing runs.
                guard bench.error("while true do end")?.code == .interrupted else { exit(3) }
                LuaState.clearInterrupt()
                let values = try bench.run("local n = 0 for i = 1, 1000 do n = n + \(round) end return n")
                guard values.first?.intValue == 1000 * round else { exit(4) }
            }
            exit(0)
        }
    }

    @Test func programsCanInterruptThemselves() async {
        await #expect(processExitsWith: .exitCode(0)) {
            watchdog()
            let bench = try Bench()
            bench.state.installInterruptHandler()
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 0.1)
                LuaState.interrupt(signal: SIGTERM)
            }
            let error = bench.error("while true do end")
            exit(error?.message == "interrupted by SIGTERM" ? 0 : 1)
        }
    }
}
