import LuaRuntime
import RhoCore
import RhoTensor
import RhoTraining

/// An optimiser as scripts hold it.
final class OptimiserBox {
    let optimiser: AdamW
    let model: ModelBox
    init(_ optimiser: AdamW, model: ModelBox) {
        self.optimiser = optimiser
        self.model = model
    }
}

/// A learning-rate schedule as scripts hold it.
final class ScheduleBox {
    let schedule: Schedule
    init(_ schedule: Schedule) { self.schedule = schedule }
}

/// Module `rho.optim`.
enum OptimBinding {
    static var module: LuaModuleDeclaration {
        LuaModuleDeclaration(
            "rho.native.optim", doc: "Optimisers and learning-rate schedules.",
            functions: [adamw] + schedules, classes: [optimiserClass, scheduleClass],
            records: [adamwRecord, stepRecord] + Schedule.Shape.allCases.map(record))
    }

    private static let adamwRecord = LuaRecord(
        "AdamwOptions",
        [
            LuaField("model", .object("Model"), required: true, doc: "whose parameters to update"),
            LuaField(
                "betas", .list(.number(min: 0, max: 1)), default: [0.9, 0.95],
                doc: "decay of the first and second moment"),
            LuaField(
                "eps", .number(min: 0, openMin: true), default: 1e-8, doc: "added to the root of the second moment"),
            LuaField("weight_decay", .number(min: 0), default: 0.1, doc: "decoupled decay, on matrices only"),
        ])

    private static var adamw: LuaFunctionDeclaration {
        LuaFunctionDeclaration(
            "rho.optim.adamw", doc: "AdamW with decoupled weight decay on matrices only (arXiv:1711.05101).",
            parameters: [LuaField("options", .options(adamwRecord.name), required: true, doc: "model and rates")],
            returns: [LuaResult(.object("Optimiser"), "the optimiser")]
        ) { call in
            let options = try call.options("options")
            let betas = try options.doubles("betas")
            guard betas.count == 2 else { throw RhoError(.value, "betas must be two numbers, got \(betas.count)") }
            let box = try options.object("model", as: ModelBox.self)
            let made = try AdamW(
                box.model().parameters, beta1: Float(betas[0]), beta2: Float(betas[1]),
                epsilon: Float(options.double("eps")),
                weightDecay: Float(options.double("weight_decay")))
            return [.object(OptimiserBox(made, model: box), class: "Optimiser")]
        }
    }

    private static let stepRecord = LuaRecord(
        "StepOptions",
        [
            LuaField("lr", .number(min: 0), required: true, doc: "learning rate"),
            LuaField("clip", .number(min: 0, openMin: true), doc: "largest gradient norm"),
            LuaField("scale", .number(), default: 1, doc: "factor of the gradients, before the norm"),
        ])

    private static var optimiserClass: LuaClassDeclaration<OptimiserBox> {
        LuaClassDeclaration(
            "Optimiser", doc: "Updates a model's parameters from their gradients.",
            methods: [
                LuaMethod(
                    "step",
                    doc: """
                        One update; gradients are zero afterwards. A gradient norm that is not finite changes nothing and is \
                        counted as a skipped step.
                        """,
                    parameters: [
                        LuaField("options", .options(stepRecord.name), required: true, doc: "rate and clipping")
                    ],
                    returns: [
                        LuaResult(.number(), "gradient norm before clipping"),
                        LuaResult(.boolean, "whether the weights changed"),
                    ],
                    example: "local norm = optimiser:step { lr = 1e-3, clip = 1.0 }"
                ) { box, call in
                    let options = try call.options("options")
                    let norm = try box.optimiser.step(
                        lr: Float(options.double("lr")), clip: options.optionalDouble("clip").map { Float($0) },
                        scale: Float(options.double("scale")))
                    box.optimiser.zeroGrad()
                    return [.number(norm), .boolean(norm.isFinite)]
                },
                LuaMethod("zero_grad", doc: "Forgets the gradients collected so far.") { box, _ in
                    box.optimiser.zeroGrad()
                    return []
                },
                LuaMethod(
                    "grad_norm", doc: "Norm of the gradients collected so far.",
                    returns: [LuaResult(.number(), "the norm")]
                ) { box, _ in
                    [.number(GradientNorm.global(box.optimiser.parameters))]
                },
                LuaMethod("describe", doc: "Rates and counters.", returns: [LuaResult(.table, "the table")]) { box, _ in
                    let optimiser = box.optimiser
                    return [
                        .record([
                            ("kind", .string("adamw")), ("betas", .list([optimiser.beta1, optimiser.beta2])),
                            ("eps", .number(optimiser.epsilon)), ("weight_decay", .number(optimiser.weightDecay)),
                            ("steps", .integer(optimiser.stepCount)), ("skipped", .integer(optimiser.skippedSteps)),
                        ])
                    ]
                },
            ], describe: { "adamw after \($0.optimiser.stepCount) steps" })
    }

    private static let shapeDocs: [Schedule.Shape: String] = [
        .constant: "The peak, after a linear warm-up.",
        .linear: "Warm-up, then a straight line down to final times the peak.",
        .cosine: "Warm-up, then half a cosine down to final times the peak.",
        .wsd: "Warm-up, the peak, and a straight line down over the last decay steps (arXiv:2404.06395).",
    ]

    private static func record(_ shape: Schedule.Shape) -> LuaRecord {
        var fields = [
            LuaField("peak", .number(min: 0, openMin: true), required: true, doc: "highest learning rate"),
            LuaField("warmup", .integer(min: 0), default: 0, unit: "steps", doc: "steps of the linear rise"),
        ]
        if shape != .constant {
            fields.append(
                LuaField("steps", .integer(min: 1), required: true, unit: "steps", doc: "steps of the whole run"))
            fields.append(
                LuaField("final", .number(min: 0, max: 1), default: 0, doc: "last learning rate as a share of the peak")
            )
        }
        if shape == .wsd {
            fields.append(
                LuaField("decay", .integer(min: 0), unit: "steps", doc: "steps of the closing decay (default: a fifth)")
            )
        }
        return LuaRecord("\(shape.rawValue.capitalizedFirst)Options", fields)
    }

    private static var schedules: [LuaFunctionDeclaration] {
        Schedule.Shape.allCases.map { shape in
            LuaFunctionDeclaration(
                "rho.optim.\(shape.rawValue)", doc: shapeDocs[shape] ?? "",
                parameters: [
                    LuaField("options", .options(record(shape).name), required: true, doc: "peak and lengths")
                ],
                returns: [LuaResult(.object("Schedule"), "call it with a step (from 1) for the learning rate")],
                example: shape == .constant
                    ? "return rho.optim.constant { peak = 1e-3 }(1)"
                    : "return rho.optim.\(shape.rawValue) { peak = 1e-3, steps = 100, warmup = 10 }(50)"
            ) { call in
                let options = try call.options("options")
                let isConstant = shape == .constant
                let made = try Schedule(
                    shape, peak: options.double("peak"), warmup: options.int("warmup"),
                    steps: isConstant ? 0 : options.int("steps"), final: isConstant ? 0 : options.double("final"),
                    decay: shape == .wsd ? options.optionalInt("decay") : nil)
                return [.object(ScheduleBox(made), class: "Schedule")]
            }
        }
    }

    private static var scheduleClass: LuaClassDeclaration<ScheduleBox> {
        LuaClassDeclaration(
            "Schedule", doc: "A learning rate by step: schedule(step), steps counted from 1.",
            methods: [
                LuaMethod("describe", doc: "The parameters.", returns: [LuaResult(.table, "the table")]) { box, _ in
                    [LuaValue(json: box.schedule.json)]
                }
            ],
            operators: [
                LuaOperatorDeclaration(.call, operand: .any, doc: "The learning rate of a step, counted from 1.") {
                    call in
                    let box = try call.object("a", as: ScheduleBox.self)
                    guard let step = call.rest.first?.intValue, step >= 1 else {
                        throw RhoError(
                            .value,
                            "schedule: the step must be an integer >= 1, got \((call.rest.first ?? .nil).display)")
                    }
                    return [.number(box.schedule(step - 1))]
                }
            ], describe: { "\($0.schedule)" })
    }
}

extension String {
    /// `cosine` as `Cosine`.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
