import Glibc
import RhoCore

/// The machine and the process, for manifests, locks and perf/ metrics.
public enum Machine {
    public static var host: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Changes with every start of the kernel: a process id from another boot is somebody else's.
    public static var bootID: String { firstLine("/proc/sys/kernel/random/boot_id") ?? "unknown" }

    /// Name of the processor.
    public static var processor: String {
        let lines = text("/proc/cpuinfo").split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("model name") }), let colon = line.firstIndex(of: ":") else {
            return "unknown"
        }
        return String(line[line.index(after: colon)...].drop { $0 == " " })
    }

    /// Path of the running program.
    public static var executable: String {
        guard let path = realpath("/proc/self/exe", nil) else { return CommandLine.arguments.first ?? "rhoscript" }
        defer { free(path) }
        return String(cString: path)
    }

    public static var onlineProcessors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    public static var memoryBytes: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

    /// Largest resident size of this process so far, bytes.
    public static var peakResidentBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    public static var operatingSystem: String {
        let pretty = text("/etc/os-release").split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
        let name = pretty.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } } ?? "Linux"
        return "\(name), kernel \(firstLine("/proc/sys/kernel/osrelease") ?? "unknown")"
    }

    /// Variables that change how this program or its libraries compute, or that say where it was started, by name.
    public static var environment: [(name: String, value: String)] {
        let telling = ["RHO_", "OPENBLAS_", "OMP_", "SLURM_", "LANG", "LC_", "TZ"]
        var found: [(name: String, value: String)] = []
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, telling.contains(where: { parts[0].hasPrefix($0) }) {
                found.append((String(parts[0]), String(parts[1])))
            }
            entry += 1
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Start time of a process in clock ticks since boot: with the boot id it names the process for ever.
    static func startTime(of process: Int32) -> Int? {
        let stat = text("/proc/\(process)/stat")
        // The program's name is in parentheses and may hold spaces: count fields after the last one.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 19 ? Int(fields[19]) : nil
    }

    private static func text(_ path: String) -> String { Files.readOfSystem(path) ?? "" }

    private static func firstLine(_ path: String) -> String? {
        text(path).split(separator: "\n").first.map(String.init)
    }
}
