import LuaRuntime
import RhoCore

/// Module `rho.dry`: what the verbs written in Lua need under `rhoscript check`.
struct DryBinding {
    let session: Session

    var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.dry",
            doc: """
                The dry mode of rhoscript check: verbs check their options, say what they would do and what it would take, and \
                return stand-ins. Experiments rarely need it; rho.train and rho.score are written on it.
                """,
            functions: [active, training, scores, remark],
            records: [DryTraining.record, DryTraining.evaluationRecord, DryScoring.record])
    }

    private var active: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.dry.active", doc: "Whether rhoscript check runs the script.",
            returns: [LuaResult(.boolean, "whether")], example: "return rho.dry.active()"
        ) { _ in [.boolean(session.dry != nil)] }
    }

    private func ledger() throws(RhoError) -> DryLedger {
        guard let ledger = session.dry else {
            throw RhoError(.usage, "rho.dry works under rhoscript check only", hint: "ask rho.dry.active() first")
        }
        return ledger
    }

    /// Errors name the verb that the script called, not the function behind it.
    private func saying(_ verb: String, _ body: () throws -> [LuaValue]) throws -> [LuaValue] {
        do { return try body() } catch let error as RhoError {
            throw LuaError(code: error.code, message: "\(verb): \(error.message)", hint: error.hint)
        }
    }

    private var training: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.dry.training", doc: "Checks a training and enters what it would take.",
            parameters: [
                LuaField(
                    "options", .options(DryTraining.record.name), required: true, doc: "the training, resolved")
            ],
            returns: [
                LuaResult(
                    .table, "{ loss =, bits_per_byte = } of a model that knows nothing, { flops = } of the training")
            ]
        ) { call in
            try saying("rho.train") {
                let training = try DryTraining(try call.options("options"), ledger: ledger(), store: session.store)
                return [try training.enter(ledger(), at: call.state.placeText)]
            }
        }
    }

    private var scores: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.dry.scores", doc: "Checks a scoring, enters what it would take, and promises the scores.",
            parameters: [
                LuaField("options", .options(DryScoring.record.name), required: true, doc: "reference and text")
            ],
            returns: [LuaResult(.object("Scores"), "scores that policies accept and nobody can read")]
        ) { call in
            try saying("rho.score") {
                let scoring = try DryScoring(try call.options("options"), ledger: ledger(), session: session)
                return [try scoring.enter(ledger(), at: call.state.placeText).value]
            }
        }
    }

    private var remark: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.dry.remark",
            doc: "A sentence for the report of rhoscript check, at the line of the script that runs.",
            parameters: [
                LuaField("text", .string, required: true, doc: "the sentence"),
                LuaField(
                    "blinds", .boolean, default: false,
                    doc: "what follows in the script may fail because a stand-in lacks something"),
            ]
        ) { call in
            try ledger().remark(
                try call.string("text"), at: call.state.placeText, blinds: try call.bool("blinds"))
            return []
        }
    }
}
