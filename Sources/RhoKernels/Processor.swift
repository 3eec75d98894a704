import COpenBLAS
import Glibc

/// The processor this program runs on, against the one it was built for.
public enum Processor {
    /// Names of the instruction sets that the kernels were compiled for and this processor lacks. A program that finds
    /// any should say so and stop: the first kernel would die of an illegal instruction.
    public static func missingFeatures() -> [String] {
        let missing = rho_cpu_required() & ~rho_cpu_present()
        let names: [(bit: Int, name: String)] = [
            (RHO_CPU_FMA, "FMA"), (RHO_CPU_AVX2, "AVX2"), (RHO_CPU_AVX512, "AVX-512"),
        ]
        return names.filter { Int(missing) & $0.bit != 0 }.map(\.name)
    }

    /// Instruction sets in use, cores and BLAS kernel, as `AVX-512, 2 cores, OpenBLAS Cooperlake`.
    public static var description: String {
        let required = rho_cpu_required()
        let width: String
        if Int(required) & RHO_CPU_AVX512 != 0 {
            width = "AVX-512"
        } else if Int(required) & RHO_CPU_AVX2 != 0 {
            width = "AVX2"
        } else {
            width = "baseline"
        }
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let blas = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
        return "\(width), \(cores) cores, OpenBLAS \(blas)"
    }
}
