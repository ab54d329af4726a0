import { mount } from 'svelte'
import App from './App.svelte'
import './app.css'
import { language } from './shared/language'

document.documentElement.lang = language
const place = document.getElementById('app')
if (place) mount(App, { target: place })
