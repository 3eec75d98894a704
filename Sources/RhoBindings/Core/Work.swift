import LuaRuntime
import RhoModels
import RhoTensor

/// Floating-point operations of the models that a script runs, all of them: whoever compares trainings by compute must
/// not have to remember what a policy, a second reference or an objective ran on the side.
enum Work {
    /// Work belongs to the one thread that runs Lua.
    nonisolated(unsafe) private(set) static var flops = 0.0

    /// Counts a pass over `positions` in rows of `context`; one that records counts its backward pass too.
    static func add(_ config: ModelConfig, positions: Int, context: Int) {
        let perToken =
            Autograd.isRecording
            ? config.trainingFLOPsPerToken(context: context) : config.forwardFLOPsPerToken(context: context)
        flops += Double(positions) * perToken
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
