import LuaRuntime
import RhoCore
import RhoTensor

/// Functions that stand on `rho` itself.
struct CoreBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.core", doc: "Functions on rho itself.",
            functions: [
                memory, sha256, time, Work.function, TensorGradient.noGrad, TensorGradient.withGrad,
                LoaderBinding(session: session).function,
            ]
                + ReportBinding(session: session).functions + ScoreBinding(session: session).functions,
            classes: [
                IteratorBox.declaration, LoaderBinding.classDeclaration, BatchClass.declaration,
                ScoresClass.declaration,
            ],
            records: [LoaderBinding.record] + ReportBinding(session: session).records + ScoreBinding.records,
            constants: [("version", .string(Version.text), "Version of the program.")])
    }

    private var memory: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.memory", doc: "Bytes in use: Lua's heap, tensors alive, their peak, and freed blocks kept for reuse.",
            returns: [LuaResult(.table, "{ lua =, tensors =, peak =, held =, objects = }")],
            example: "return rho.memory().tensors"
        ) { call in
            let lua = call.state.memory
            return [
                .record([
                    ("lua", .integer(lua.heap)), ("objects", .integer(lua.objects)),
                    ("tensors", .integer(Storage.liveBytes)),
                    ("peak", .integer(Storage.peakBytes)), ("held", .integer(Storage.heldBytes)),
                ])
            ]
        }
    }

    private var sha256: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.sha256", doc: "SHA-256 of a string.",
            parameters: [LuaField("bytes", .string, required: true, doc: "any bytes")],
            returns: [LuaResult(.string, "hexadecimal")], example: "return rho.sha256(\"abc\")"
        ) { call in [.string(SHA256Hasher.hex(of: try call.bytes("bytes")))] }
    }

    private var time: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.time", doc: "Seconds on a steady clock, for measuring speed. Results must not depend on it.",
            returns: [LuaResult(.number(), "seconds since some fixed moment")]
        ) { _ in [.number(Clock.monotonicSeconds())] }
    }
}
