import CLandlock
import Glibc
import LuaRuntime
import RhoCore
import RhoTensor
import RhoTraining

/// A process that runs a stranger's script.
///
/// Three walls stand around it: Lua without io, os and debug; ``FileAccess``, which every native function asks; and where
/// the kernel has it, Landlock, which holds even if the other two have a hole. Reads are allowed below the script's
/// directory and those named, writes below a directory of this script's own: results that a stranger made must not be
/// found by anybody else's run.
package struct Sandbox {
    /// Directories that `require` may load from.
    private let roots: [String]
    /// Where new run directories are made.
    let runs: String
    /// The store of results, apart from that of one's own scripts.
    let store: String
    private let limits: SandboxOptions
    private let deadline: Double

    var lua: LuaSandbox { LuaSandbox(roots: roots, memoryLimit: limits.memory, deadline: deadline) }

    /// Confines this process for the rest of its life.
    /// - Parameter reading: the directories of the scripts.
    /// - Throws: `.usage` for a directory that is not there, `.io`.
    static func enter(_ limits: SandboxOptions, _ options: HostOptions, reading: [String]) throws(RhoError) -> Sandbox {
        for path in limits.reading where !Files.exists(path) {
            throw RhoError(.usage, "--allow-read \(path): no such file or directory")
        }
        let sandbox = Sandbox(limits, roots: reading)
        var writing = [sandbox.runs, sandbox.store]
        if let directory = options.runDirectory { writing.append(directory) }
        for path in writing { try Files.makeDirectory(path) }
        // The engine names itself by the hash of its executable.
        let access = try FileAccess(
            reading: reading + limits.reading + ["/proc/self/exe"], writing: writing)
        if !access.confine() {
            Logging.line("sandbox: this kernel has no Landlock; only the program's own checks hold")
        }
        FileAccess.install(access)
        Storage.byteLimit = min(Storage.byteLimit, limits.memory)
        // Lua and the engine refuse at the limit; what they do not see ends the process a quarter above it.
        ResourceMonitor.start(memory: limits.memory + limits.memory / 4, seconds: limits.seconds)
        return sandbox
    }

    private init(_ limits: SandboxOptions, roots: [String]) {
        self.roots = roots
        self.limits = limits
        deadline = Clock.monotonicSeconds() + limits.seconds
        // Two strangers must not find each other's results either, so the place hangs on the script's directory.
        let first = FileAccess.resolve(roots.first ?? ".") ?? "."
        let name = "\(Files.name(of: first).filter { $0.isASCII && ($0.isLetter || $0.isNumber) })"
        let place = "\(Session.defaultRunsDirectory)/sandboxed/\(name)-\(SHA256Hasher.hex(of: first).prefix(8))"
        runs = "\(place)/runs"
        store = "\(place)/store"
    }

    /// Text without the control characters by which a terminal can be steered.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
                        ? "\u{FFFD}" : scalar
                }))
    }

    static func printable(_ error: LuaError) -> LuaError {
        var error = error
        error.message = printable(error.message)
        error.file = error.file.map(printable)
        error.hint = error.hint.map(printable)
        error.traceback = error.traceback.map(printable)
        return error
    }
}

extension FileAccess {
    /// Asks the kernel to hold the process to this access. False where it cannot.
    func confine() -> Bool {
        // Libraries, fonts and gnuplot, and what the system says about itself.
        let system = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/opt"]
        let reading = readable + ["/proc", "/sys", "/dev/urandom", "/dev/random"]
        return withPaths(reading) { readable in
            withPaths(system) { executable in
                withPaths(writable) { writable in
                    rho_landlock_confine(
                        readable.baseAddress, readable.count, executable.baseAddress, executable.count,
                        writable.baseAddress, writable.count)
                }
            }
        }
    }

    private func withPaths(_ paths: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Bool) -> Bool {
        let copies = paths.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer(body)
    }
}
