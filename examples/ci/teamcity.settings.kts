// Goes to .teamcity/settings.kts
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.DslContext
import jetbrains.buildServer.configs.kotlin.buildSteps.script
import jetbrains.buildServer.configs.kotlin.project
import jetbrains.buildServer.configs.kotlin.triggers.vcs
import jetbrains.buildServer.configs.kotlin.version

version = "2025.11"

project {
    buildType(Tests)
}

object Tests : BuildType({
    name = "tests"
    artifactRules = """
        .tribunal/runs => tribunal.zip
        out => out
    """.trimIndent()
    vcs {
        root(DslContext.settingsRoot)
    }
    steps {
        script {
            // Tests and problems arrive as service messages: no report has to be imported.
            scriptContent = "exec tribunal run"
        }
    }
    triggers {
        vcs { }
    }
    failureConditions {
        executionTimeoutMin = 60
    }
})
