import Glibc
import LuaRuntime
import RhoModels
import RhoTensor
import Synchronization

/// Floating-point operations of the models that a script runs, all of them: whoever compares trainings by compute must
/// not have to remember what a policy, a second reference or an objective ran on the side.
enum Work {
    /// Work belongs to the one thread that runs Lua, and a process may have several of those.
    private static let counts = Mutex<[pthread_t: Double]>([:])

    private static var flops: Double { counts.withLock { $0[pthread_self()] ?? 0 } }

    /// Counts a pass over `positions` in rows of `context`; one that records counts its backward pass too.
    static func add(_ config: ModelConfig, positions: Int, context: Int) {
        let perToken =
            Autograd.isRecording
            ? config.trainingFLOPsPerToken(context: context) : config.forwardFLOPsPerToken(context: context)
        counts.withLock { $0[pthread_self(), default: 0] += Double(positions) * perToken }
    }

    static var function: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.work",
            doc: """
                Floating-point operations of model:loss, model:forward, model:logits and model:attention so far; a pass that \
                records a gradient counts its backward pass. Take the difference of two calls.
                """,
            returns: [LuaResult(.number(), "operations")], example: "local before = rho.work()"
        ) { _ in [.number(flops)] }
    }
}
