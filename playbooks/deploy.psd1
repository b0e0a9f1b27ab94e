# What `Start-AitherZero.ps1 -Mode Deploy` was, in the format of its last users.
@{
    Name        = 'deploy'
    Description = 'Builds az for release and packs it'
    Version     = '1.0.0'
    Category    = 'deployment'

    Sequence    = @(
        @{ Script = '0500'; Description = 'What is needed is here' }
        @{ Script = '0002'; Description = 'There is a folder for it' }
        @{ Script = '0300'; Description = 'Build and pack'; Timeout = 2400 }
    )
}
