import LuaRuntime
import RhoCore
import RhoTraining

/// How the runner finds a run to go on with: identity.json in every run directory says what the run is.
struct ResumeBinding {
    let session: Session

    private static let identityRecord = LuaRecord(
        "RunIdentityOptions",
        [
            LuaField("experiment", .string, required: true, doc: "name of the experiment"),
            LuaField("params", .table, required: true, doc: "every parameter, resolved"),
            LuaField("run", .function, required: true, doc: "the experiment's function"),
            LuaField("file", .string, default: "", doc: "the experiment file"),
        ])
    private static let claimRecord = LuaRecord(
        "ClaimRunOptions",
        [
            LuaField("dir", .string, required: true, doc: "the run directory"),
            LuaField("identity", .object("RunIdentity"), required: true, doc: "what is to run there"),
            LuaField("force", .boolean, default: false, doc: "empties the directory of another run"),
        ])
    static let records = [identityRecord, claimRecord]

    var functions: [LuaFunctionDeclaration] { [identity, unfinished, claim, begin] }

    static var identityClass: LuaClassDeclaration<IdentityBox> {
        LuaClassDeclaration(
            "RunIdentity", doc: "What a run is: experiment, parameters, code and engine.",
            methods: [
                LuaMethod("digest", doc: "SHA-256 of the identity.", returns: [LuaResult(.string, "hexadecimal")]) {
                    box, _ in
                    [.string(box.identity.digest)]
                },
                LuaMethod("describe", doc: "The parts.", returns: [LuaResult(.table, "the table")]) { box, _ in
                    [LuaValue(json: box.identity.json)]
                },
            ], describe: { "run identity \($0.identity.digest.prefix(12))" })
    }

    private var identity: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.identity", doc: "What a run is: two runs of the same identity do the same thing.",
            parameters: [LuaField("options", .options(Self.identityRecord.name), required: true, doc: "the parts")],
            returns: [LuaResult(.object("RunIdentity"), "the identity")]
        ) { call in
            let options = try call.options("options")
            let name = try options.string("experiment")
            let code: JSON
            let function = try options.function("run")
            if let fingerprint = try? function.fingerprint() {
                code = JSON(fingerprint)
            } else {
                // A function that captures what has no content stands for the files it came from.
                code = .array(session.sources(call.state).map { JSON(SHA256Hasher.hex(of: $0.bytes)) })
            }
            let params = try Identity(store: session.store).json(options.value("params"), name)
            let made = RunIdentity(
                experiment: name, params: params.asObject, code: code, engine: session.store.engine ?? "unknown",
                script: try options.string("file"))
            try session.expectation?.check(made)
            return [.object(IdentityBox(made), class: "RunIdentity")]
        }
    }

    private var unfinished: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.unfinished",
            doc:
                "The newest run directory of that identity that was begun, is not finished and is in nobody's hands; nil if there is none.",
            parameters: [LuaField("identity", .object("RunIdentity"), required: true, doc: "what is to run")],
            returns: [LuaResult(.string, "the directory, or nil")]
        ) { call in
            let identity = try call.object("identity", as: IdentityBox.self).identity
            return [RunIdentity.unfinished(identity, root: session.runsDirectory).map { .string($0) } ?? .nil]
        }
    }

    private var claim: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.claim",
            doc:
                "Makes sure that a directory holds nothing or this very run; force empties the directory of another run.",
            parameters: [
                LuaField("options", .options(Self.claimRecord.name), required: true, doc: "directory and identity")
            ],
            returns: [
                LuaResult(.boolean, "whether the run was begun there before; nil if the directory holds another run"),
                LuaResult(.string, "then, what differs"), LuaResult(.string, "and the way out"),
            ]
        ) { call in
            let options = try call.options("options")
            let identity = try options.object("identity", as: IdentityBox.self).identity
            do throws(RhoError) {
                return [.boolean(try identity.claim(options.string("dir"), force: options.bool("force")))]
            } catch {
                guard error.code == .mismatch else { throw error }
                return [.nil, .string(error.message), .string(error.hint ?? "")]
            }
        }
    }

    private var begin: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.store.begin", doc: "Writes the identity into the open run's directory.",
            parameters: [LuaField("identity", .object("RunIdentity"), required: true, doc: "what runs")]
        ) { call in
            guard let run = session.run else { throw RhoError(.usage, "rho.store.begin needs an open run") }
            RunIdentity.sweep(run.directory.path)
            try call.object("identity", as: IdentityBox.self).identity.write(to: run.directory.path)
            session.store.writeRecords()
            return []
        }
    }
}

/// A run identity as scripts hold it.
final class IdentityBox {
    let identity: RunIdentity
    init(_ identity: RunIdentity) { self.identity = identity }
}
