import LuaRuntime
import RhoCore
import RhoStdlib
import RhoTraining

/// A Lua state with every native module and the embedded library.
package final class ScriptHost {
    package let state: LuaState
    package let session: Session

    /// - Parameter output: receives what the script prints.
    /// - Parameter sandbox: the sandbox that the process is in, if it is.
    package init(
        _ options: HostOptions = HostOptions(), sandbox: Sandbox? = nil,
        output: @escaping (String) -> Void = { writeToStandardOutput($0) }
    ) throws(RhoError) {
        if let threads = options.threads { Session.threads = threads }
        session = Session(
            cacheDirectory: sandbox?.store ?? options.cacheDirectory, runsDirectory: sandbox?.runs,
            cacheCapacity: options.cacheCapacity,
            readsCache: options.readsCache, script: options.script, progress: options.progress,
            color: options.color ?? false, quiet: options.quiet, arguments: options.scriptArguments)
        session.tensorboard = options.tensorboard
        if options.checksOnly { session.dry = DryLedger() }
        session.isSandboxed = sandbox != nil
        if let path = options.expecting {
            let expectation = try Expectation(path: path)
            session.store.expected = expectation.verbs
            session.expectation = expectation
        }
        state = try LuaState(
            LuaState.Options(
                seed: UInt64(bitPattern: Int64(options.seed ?? 0)), sandbox: sandbox?.lua,
                arguments: options.scriptArguments,
                fullTraceback: options.fullTraceback, output: output))
        state.host = session
        state.objectFingerprint = { [session] object in try Identity(store: session.store).fingerprint(of: object) }
        for module in BindingCatalog.modules(session) { try state.register(module) }
        state.addLibrary(name: "rho.native", source: NativeModule.source)
        for module in RhoStdlib.modules {
            state.addLibrary(name: module.name, source: String(decoding: module.source, as: UTF8.self))
        }
    }

    /// The function of that name in an embedded module.
    func function(_ name: String, of module: String) throws -> LuaFunction {
        guard case .table(let table) = try state.require(module), let function = try table.get(name).functionValue
        else {
            throw RhoError(.internal, "the embedded module \(module) has no function \(name)")
        }
        return function
    }

    /// Runs spec files, which print TAP; returns how many tests failed.
    /// - Parameter junit: file that gets the results as JUnit XML.
    package func runSpecs(_ files: [String], junit: String? = nil) throws -> Int {
        let (start, run) = (try function("start", of: "rho.spec"), try function("run", of: "rho.spec"))
        for file in files {
            _ = try start.call([.string(file)])
            _ = try state.run(file: file)
            _ = try run.call()
        }
        let results = try function("finish", of: "rho.spec").call()
        if let junit, let xml = results.dropFirst().first?.stringValue {
            try Files.makeDirectory(Files.parent(of: junit))
            try Files.writeAtomically(junit, xml)
        }
        return results.first?.intValue ?? 0
    }
}
