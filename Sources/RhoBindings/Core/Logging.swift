import RhoTraining

/// Lines on stderr that are no results.
enum Logging {
    static func line(_ text: String) { ProgressLine.writeToStandardError(text + "\n") }
}
